/** Columns of text, laid out as Docker's: cells end at tabs, each as wide as its column's widest and three spaces. */

/** Rows of cells joined by tabs → lines. The last cell of a row isn't padded; a column is at least `least` wide. */
export function layOut(rows: readonly string[], least = 10): string {
  const cells = rows.map((row) => row.split('\t'));
  const widths: number[][] = cells.map(() => []);
  const columns = Math.max(0, ...cells.map((row) => row.length)) - 1;
  for (let column = 0; column < columns; column++) {
    // A column reaches over the rows, one below the other, that have it.
    for (let start = 0; start < cells.length; start++) {
      let width = least;
      let end = start;
      for (; end < cells.length && column < (cells[end]?.length ?? 0) - 1; end++) {
        width = Math.max(width, [...(cells[end]?.[column] ?? '')].length + 3);
      }
      for (let row = start; row < end; row++) (widths[row] as number[])[column] = width;
      start = Math.max(start, end - 1);
    }
  }
  return cells.map((row, at) => `${row.map((cell, column) => pad(cell, widths[at]?.[column])).join('')}\n`).join('');
}

function pad(cell: string, width = 0): string {
  return cell + ' '.repeat(Math.max(0, width - [...cell].length));
}
