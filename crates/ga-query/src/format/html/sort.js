// Makes the headings buttons that sort the table: numbers as the server sent them, texts as the reader's language has them.
const table = document.querySelector('table'), body = table.tBodies[0], { compare } = new Intl.Collator(undefined, { numeric: true });
const number = cell => parseFloat(cell.dataset.v ?? cell.textContent.replaceAll(',', ''));
const text = cell => cell.dataset.v ?? cell.textContent;
[...table.tHead.rows[0].cells].forEach((heading, place) => {
  const button = document.createElement('button'), isNumber = heading.className === 'n';
  button.append(...heading.childNodes);
  heading.append(button);
  button.onclick = () => {
    const before = heading.ariaSort, falls = before ? before === 'ascending' : isNumber;
    for (const other of table.tHead.rows[0].cells) other.ariaSort = null;
    heading.ariaSort = falls ? 'descending' : 'ascending';
    const keyed = [...body.rows].map(row => [isNumber ? number(row.cells[place]) : text(row.cells[place]), row]);
    const by = isNumber ? (a, b) => a - b : compare;
    // What is not a number comes last either way.
    keyed.sort(([a], [b]) => isNaN(a) && isNumber ? !isNaN(b) : isNaN(b) && isNumber ? -1 : falls ? by(b, a) : by(a, b));
    body.append(...keyed.map(([, row]) => row));
  };
});
