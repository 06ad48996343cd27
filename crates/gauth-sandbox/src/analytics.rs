//! The Analytics half: placeholder until reports arrive.

use crate::api::{ApiAnswer, ApiRequest, Body};

pub(crate) struct Analytics;

impl Analytics {
    pub(crate) fn new(_rows: u64) -> Self {
        Self
    }

    pub(crate) fn answer(&self, _request: &ApiRequest<'_>) -> ApiAnswer {
        ApiAnswer {
            status: 404,
            content_type: "text/html",
            body: Body::Bytes(Vec::new()),
        }
    }
}
