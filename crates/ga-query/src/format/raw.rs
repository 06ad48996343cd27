//! The server's answers as they were sent, one after the other in the order of the pages.

use super::{Content, Format};

pub(super) const FORMAT: Format = Format {
    name: "raw",
    extensions: &[],
    names_property: false,
    shows_property_name: false,
    several: Some(["", "", ""]),
    content: Content::Answers,
};
