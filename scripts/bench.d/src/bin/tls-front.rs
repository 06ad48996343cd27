//! tls-front DIRECTORY ADDRESS: TLS in front of an http server, as HTTP/1.1. Writes front.pem, the certificate of its authority,
//! into the directory, then prints the port.

use std::path::Path;

use floors::certificates;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("a directory");
    let server = arguments.next().expect("an address");
    let (config, authority) = certificates();
    std::fs::write(Path::new(&directory).join("front.pem"), authority).expect("write the authority");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    println!("{}", listener.local_addr().expect("an address").port());
    let acceptor = TlsAcceptor::from(config);
    loop {
        let (caller, _) = listener.accept().await.expect("a caller");
        let (acceptor, server) = (acceptor.clone(), server.clone());
        tokio::spawn(async move {
            caller.set_nodelay(true).expect("no delay");
            let mut server = TcpStream::connect(server).await.expect("the server");
            server.set_nodelay(true).expect("no delay");
            if let Ok(mut caller) = acceptor.accept(caller).await {
                let _ = tokio::io::copy_bidirectional_with_sizes(&mut caller, &mut server, 64 << 10, 64 << 10).await;
            }
        });
    }
}
