//! The rows of a block one by one, as they were sent or in the columns that were asked for.

use std::borrow::Cow;

use ga_core::block::Rows;
use ga_core::v3::Translation;

/// Hands over each row of `width` cells, with the property before it if there is one.
pub(crate) fn each_row(
    block: &[u8],
    width: usize,
    property: Option<&[u8]>,
    mut take: impl FnMut(&[&[u8]]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut rows = Rows::new(block, width);
    let mut cells = Vec::with_capacity(width + 1);
    while rows.next_into(&mut cells) {
        if let Some(property) = property {
            cells.insert(0, property);
        }
        take(&cells)?;
    }
    Ok(())
}

/// The same in the columns of `plan`.
pub(crate) fn each_translated_row(
    block: &[u8],
    width: usize,
    property: Option<&[u8]>,
    plan: &Translation,
    mut take: impl FnMut(&[&[u8]]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    each_row(block, width, None, |row| {
        let mut cells: Vec<Cow<'_, [u8]>> = Vec::new();
        plan.row(row, &mut cells);
        let texts: Vec<&[u8]> = property.into_iter().chain(cells.iter().map(|cell| &**cell)).collect();
        take(&texts)
    })
}
