//! floor-warm FILE FIELD: reads a JSON file and prints one field of it.

use std::io::Write;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("a file");
    let field = arguments.next().expect("a field");
    let bytes = std::fs::read(file).expect("read the file");
    let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let text = value[&field].as_str().expect("a text");
    let line = format!("{text}\n");
    std::io::stdout().write_all(line.as_bytes()).expect("write it");
}
