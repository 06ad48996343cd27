//! What a real shell makes of the commands that are printed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use gauth_text::quoted;

/// A generator with a fixed seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 31)
    }

    /// Plain letters, a shell's own characters, controls, bidi, and bytes that are not UTF-8; never NUL.
    fn word(&mut self) -> Vec<u8> {
        const PARTS: [&[u8]; 24] = [
            b"a",
            b"-pagePath",
            b"'",
            b"\"",
            b"\\",
            b"$(touch pwned)",
            b"`id`",
            b"!",
            b"!!",
            b" ",
            b"\t",
            b"\n",
            b"\r",
            b"\x1b[2J",
            b"\x7f",
            b"~",
            b"#",
            b"{a,b}",
            b"*",
            b"=",
            b"\xe2\x80\xae",
            b"\xc2\x9b",
            b"\xff",
            b"\xc3\xa9",
        ];
        let length = self.next() % 8;
        (0..length).flat_map(|_| PARTS[(self.next() % PARTS.len() as u64) as usize].iter().copied()).collect()
    }
}

#[test]
fn a_shell_reads_the_words_that_were_quoted() {
    let Some(bash) = testkit::tool("bash") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(4711);
    for _ in 0..testkit::repetitions(20, 1000) {
        let words: Vec<Vec<u8>> = (0..50).map(|_| random.word()).collect();
        let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        // With history, as where a person pastes.
        let script = format!("set -o history -o histexpand\nprintf '%s\\0' {}", line.join(" "));
        for (shell, script) in [(&*bash, script.as_str()), (&*bash, &script["set -o history -o histexpand\n".len()..])]
        {
            let output = Command::new(shell)
                .arg("-c")
                .arg(OsStr::from_bytes(script.as_bytes()))
                .current_dir(folder.path())
                .env("LC_ALL", "C.UTF-8")
                .output()
                .unwrap();
            let read: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
            assert_eq!(read[..read.len() - 1], words.iter().map(Vec::as_slice).collect::<Vec<_>>(), "{script}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
