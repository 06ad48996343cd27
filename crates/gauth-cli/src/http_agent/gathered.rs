//! A connection that sends when a response is awaited: ureq writes head and body of a request, and each line of a CONNECT,
//! separately, which without Nagle's algorithm makes a packet of each.

use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport,
};

/// More than this is sent at once.
const HELD: usize = 64 << 10;

/// TCP, directly or through a proxy, with TLS for https.
pub(super) fn connector() -> impl Connector {
    let direct = ().chain(ConnectProxyConnector::default()).chain(TcpConnector::default());
    direct.chain(Gathering).chain(RustlsConnector::default())
}

#[derive(Debug)]
struct Gathering;

impl<In: Transport> Connector<In> for Gathering {
    type Out = Gathered<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| Gathered { inner, held: Vec::new() }))
    }
}

#[derive(Debug)]
struct Gathered<In> {
    inner: In,
    held: Vec<u8>,
}

impl<In: Transport> Gathered<In> {
    fn send(&mut self, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let mut rest = self.held.as_slice();
        while !rest.is_empty() {
            let output = self.inner.buffers().output();
            let amount = rest.len().min(output.len());
            let (now, later) = rest.split_at(amount);
            output[..amount].copy_from_slice(now);
            self.inner.transmit_output(amount, timeout)?;
            rest = later;
        }
        self.held.clear();
        Ok(())
    }
}

impl<In: Transport> Transport for Gathered<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.held.extend_from_slice(&self.inner.buffers().output()[..amount]);
        if self.held.len() > HELD { self.send(timeout) } else { Ok(()) }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.send(timeout)?;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
