//! The server's answers as they were sent, one after the other in the order of the pages.

use super::{Content, Format};

pub(super) const FORMAT: Format =
    Format { several: Some(["", "", ""]), is_open_ended: true, ..Format::new("raw", Content::Answers) };
