//! The body of an answer as it is sent: whole or in pieces, compressed if the client accepts that, and changed by a
//! fault. Long bodies are computed on a blocking thread, a few pieces ahead of the socket.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Frame, SizeHint};
use tokio::sync::mpsc;

use crate::fault::FaultKind;
use crate::http::{Body, Sink};

const PIECES_AHEAD: usize = 8;

/// What hyper sends.
pub(crate) struct Outgoing {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    /// The number of bytes still to come, if known.
    length: Option<u64>,
}

impl Outgoing {
    pub(crate) fn new(body: Body, gzip: bool, fault: Option<&FaultKind>) -> Self {
        let whole = match body {
            Body::Bytes(bytes) if gzip => Self::whole(compress(&bytes)),
            Body::Bytes(bytes) => Self::whole(bytes),
            Body::Stream(pieces) => Self::pieces(pieces, gzip),
        };
        match fault {
            Some(FaultKind::Drip) => whole.drip(),
            Some(FaultKind::CutOff { after }) => whole.cut_off(*after),
            _ => whole,
        }
    }

    fn whole(bytes: Vec<u8>) -> Self {
        let (sender, pieces) = mpsc::channel(1);
        let length = Some(bytes.len() as u64);
        sender.try_send(Ok(bytes.into())).expect("a new channel has room for one");
        Self { pieces, length }
    }

    fn pieces(make: Box<dyn FnOnce(Sink<'_>) + Send>, gzip: bool) -> Self {
        let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
        tokio::task::spawn_blocking(move || {
            let send = |piece: Vec<u8>| piece.is_empty() || sender.blocking_send(Ok(piece.into())).is_ok();
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            make(&mut |piece| {
                if !gzip {
                    return send(piece);
                }
                encoder.write_all(&piece).expect("memory takes all that is written");
                send(std::mem::take(encoder.get_mut()))
            });
            if gzip {
                send(encoder.finish().expect("memory takes all that is written"));
            }
        });
        Self { pieces, length: None }
    }

    /// The same bytes, one each second.
    fn drip(mut self) -> Self {
        let (sender, pieces) = mpsc::channel(1);
        let length = self.length;
        tokio::spawn(async move {
            while let Some(Ok(piece)) = self.pieces.recv().await {
                for at in 0..piece.len() {
                    if sender.send(Ok(piece.slice(at..=at))).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        });
        Self { pieces, length }
    }

    /// The first `left` bytes, then the connection closes. Content-Length stays that of the whole.
    fn cut_off(mut self, mut left: usize) -> Self {
        let (sender, pieces) = mpsc::channel(1);
        let length = self.length;
        tokio::spawn(async move {
            while left > 0
                && let Some(Ok(mut piece)) = self.pieces.recv().await
            {
                piece.truncate(left);
                left -= piece.len();
                if sender.send(Ok(piece)).await.is_err() {
                    return;
                }
            }
            // hyper drops what it has not flushed when a body fails.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let error = io::Error::other("cut off on request");
            let _ = sender.send(Err(error)).await;
        });
        Self { pieces, length }
    }
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.pieces.poll_recv(context).map(|piece| {
            let piece = piece?;
            if let (Ok(bytes), Some(length)) = (&piece, &mut self.length) {
                *length = length.saturating_sub(bytes.len() as u64);
            }
            Some(piece.map(Frame::data))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.length == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all that is written")
}
