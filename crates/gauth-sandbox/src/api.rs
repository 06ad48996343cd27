//! What passes between the server and the Analytics half: a request whose bearer has been checked, and its answer.
//! The server knows tokens, scopes, compression and sockets; `analytics` knows reports and none of those.

/// An API request that carried a live access token.
pub(crate) struct ApiRequest<'a> {
    pub method: &'a str,
    /// Without the query, still percent-encoded.
    pub path: &'a str,
    /// Without the `?`; empty when there is none.
    pub query: &'a str,
    pub body: &'a [u8],
    /// Scopes of the access token, as full URLs.
    pub scopes: &'a [String],
    /// The value of `X-Goog-User-Project`.
    pub quota_project: Option<&'a str>,
}

/// The answer to an API request, before compression.
pub(crate) struct ApiAnswer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Body,
}

/// A short answer whole, a long one in pieces that are made while they are sent.
pub(crate) enum Body {
    Bytes(Vec<u8>),
    Stream(Box<dyn Iterator<Item = Vec<u8>> + Send>),
}
