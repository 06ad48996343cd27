//! Files: reading input with bounds, writing secrets so that nobody else ever sees them and a crash leaves
//! the old file or the new one, and writing reports.
//!
//! What the files mean is left to the cores. Paths in messages are quoted and made harmless by [`shown`].

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::exit::{Failure, Kind, reason};
use crate::terminal::{Stdout, sanitise, stdout};

/// The most that is read of a credentials file, in bytes.
pub const CREDENTIALS_LIMIT: usize = 1 << 20;

/// A path for a message: quoted, with control characters and bytes that are not UTF-8 escaped.
pub fn shown(path: &Path) -> String {
    let mut text = String::from("'");
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(&sanitise(chunk.valid()));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text.push('\'');
    text
}

/// Reads a file that the user named, at most `limit` bytes; `-` is standard input. Pipes such as `<(…)` are
/// welcome. Every failure is a usage error.
pub fn read_given(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        return read_all(io::stdin().lock(), limit)
            .map_err(|error| Failure::usage(format!("read standard input: {}", reason(&error))));
    }
    File::open(path)
        .and_then(|file| read_all(file, limit))
        .map_err(|error| cannot_read(path, &error))
}

/// Reads a file at a place where nobody said that there is one: `None` if there is none. Only a regular file
/// is read, so that a planted FIFO or device holds nobody up; every failure is a usage error.
pub fn read_default(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a FIFO without a writer would wait.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits() as i32,
    );
    let read = || {
        let file = options.open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        read_all(file, limit)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(cannot_read(path, &error)),
    }
}

fn read_all(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::other(format!("more than {limit} bytes")));
    }
    Ok(bytes)
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("read {}: {}", shown(path), reason(error)))
}

/// What is wrong with the permissions of a file that holds a secret, with the command that mends it, as one
/// line for a warning.
#[cfg(unix)]
pub fn loose_permissions(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let file = shown(path);
    let user = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o077 != 0 {
        return Some(format!(
            "{file} is open to other users of this machine: chmod 600 {file}"
        ));
    }
    if metadata.uid() != user && metadata.uid() != 0 {
        return Some(format!(
            "{file} belongs to another user (uid {}), who can change it",
            metadata.uid()
        ));
    }
    let directory = parent(path);
    let metadata = fs::metadata(directory).ok()?;
    let sticky = metadata.mode() & 0o1000 != 0;
    if metadata.mode() & 0o022 != 0 && !sticky {
        let directory = shown(directory);
        return Some(format!(
            "others can replace files in {directory}: chmod go-w {directory}"
        ));
    }
    None
}

/// Permissions are not looked at where they are not Unix's.
#[cfg(not(unix))]
pub fn loose_permissions(_path: &Path) -> Option<String> {
    None
}

/// Whether two paths lead to one existing file, however they are spelled or linked.
pub fn same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        identity(one).is_some_and(|one| Some(one) == identity(other))
    }
    #[cfg(not(unix))]
    {
        let identity = |path: &Path| fs::canonicalize(path).ok();
        identity(one).is_some_and(|one| Some(one) == identity(other))
    }
}

/// Creates a directory, and what is missing above it, for the user alone (mode 0700 whatever the umask).
/// Directories that exist are left as they are.
pub fn create_private_directory(path: &Path) -> Result<(), Failure> {
    private_directory(path).map_err(|error| {
        Failure::new(
            Kind::Failed,
            format!("create directory {}: {}", shown(path), reason(&error)),
        )
    })
}

fn private_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        private_directory(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        // The umask may have taken the owner's own permissions away.
        #[cfg(unix)]
        Ok(()) => fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700)),
        #[cfg(not(unix))]
        Ok(()) => Ok(()),
    }
}

/// Writes a secret: the directory is created if need be, the file has mode 0600 from birth, and whoever looks
/// sees the old content or the new one, also after a crash. A symlink at `path` is kept and what it points to
/// is replaced, if both the link and that directory belong to this user.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let target = owned_target(path)?;
        let directory = parent(&target);
        private_directory(directory)?;
        let mut file = sibling(&target, true)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|failed| failed.error)?;
        sync_directory(directory)
    };
    write().map_err(|error: io::Error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Kind::Failed,
        format!("write {}: {}", shown(path), reason(error)),
    )
}

/// Removes what killed writers of `path` left beside it. Call it only while holding the lock under which
/// `path` is written: a living writer's file looks the same.
pub fn sweep(path: &Path) {
    let Ok(target) = owned_target(path) else {
        return;
    };
    let Ok(entries) = fs::read_dir(parent(&target)) else {
        return;
    };
    let prefix = sibling_prefix(&target);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_ours = name.starts_with(prefix.as_encoded_bytes())
            && name.ends_with(SUFFIX.as_bytes())
            && name.len() == prefix.len() + RANDOM + SUFFIX.len();
        if is_ours {
            // What cannot be removed now will be tried again by the next run.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Random characters and ending of a temporary file's name.
const RANDOM: usize = 12;
const SUFFIX: &str = ".tmp";

fn sibling_prefix(target: &Path) -> OsString {
    let name = target.file_name().unwrap_or_default();
    let mut prefix = OsString::from(".");
    // Names may be 255 bytes long; a long one is recognised by its digest.
    if name.len() > 200 {
        let digest = ring::digest::digest(&ring::digest::SHA256, name.as_encoded_bytes());
        prefix.extend(
            digest.as_ref()[..16]
                .iter()
                .map(|byte| OsString::from(format!("{byte:02x}"))),
        );
    } else {
        prefix.push(name);
    }
    prefix.push(".");
    prefix
}

/// A new file beside `target`, removed again when dropped.
fn sibling(target: &Path, secret: bool) -> io::Result<NamedTempFile> {
    if target.file_name().is_none() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let prefix = sibling_prefix(target);
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(SUFFIX)
        .rand_bytes(RANDOM)
        .make_in(parent(target), |path| {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
                options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
                if secret {
                    let file = options.mode(0o600).open(path)?;
                    // The umask may have taken even the owner's permissions away.
                    file.set_permissions(fs::Permissions::from_mode(0o600))?;
                    return Ok(file);
                }
            }
            options.open(path)
        })
}

fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

/// The file that a write to `path` replaces: `path`, or what it links to through links of this user only.
fn owned_target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..40 {
        let metadata = match fs::symlink_metadata(&target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            other => other?,
        };
        if metadata.is_file() {
            return Ok(target);
        }
        if !metadata.is_symlink() {
            return Err(io::Error::other("not a regular file"));
        }
        // An absolute link replaces the directory it stands in.
        let next = parent(&target).join(fs::read_link(&target)?);
        if !(is_ours(&metadata)
            && fs::metadata(parent(&next)).is_ok_and(|directory| is_ours(&directory)))
        {
            return Err(io::Error::other(
                "a symlink that belongs, or leads, to another user",
            ));
        }
        target = next;
    }
    Err(io::Error::other("too many symlinks"))
}

fn is_ours(metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        true
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    // A directory that cannot be opened, or a file system that cannot sync one, is no loss of the file.
    let Ok(directory) = File::open(directory) else {
        return Ok(());
    };
    match directory.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// A report on its way to the file named with `-o`. A regular file appears, or is replaced, at [`Report::commit`]
/// and not before; a device, a pipe and standard output are written directly.
pub struct Report {
    path: PathBuf,
    output: Output,
}

enum Output {
    Replace(BufWriter<NamedTempFile>, PathBuf),
    Direct(BufWriter<File>),
    Stdout(Stdout),
}

impl Report {
    /// Opens the report. The mode of a new file follows the umask; `-` and /dev/stdout are standard output.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let output = open_output(path).map_err(|error| {
            Failure::usage(format!("write {}: {}", shown(path), reason(&error)))
        })?;
        Ok(Self {
            path: path.to_owned(),
            output,
        })
    }

    /// Puts the finished report in its place. A report dropped without this leaves nothing behind.
    pub fn commit(self) -> Result<(), Failure> {
        let commit = || match self.output {
            Output::Direct(mut file) => file.flush(),
            Output::Stdout(output) => output.finish(),
            Output::Replace(file, target) => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.persist(target)
                    .map(drop)
                    .map_err(|failed| failed.error)
            }
        };
        commit().map_err(|error| cannot_write(&self.path, &error))
    }

    fn writer(&mut self) -> &mut dyn Write {
        match &mut self.output {
            Output::Replace(file, _) => file,
            Output::Direct(file) => file,
            Output::Stdout(output) => output,
        }
    }
}

impl Write for Report {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer().flush()
    }
}

fn open_output(path: &Path) -> io::Result<Output> {
    if ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|name| path == OsStr::new(name))
    {
        return Ok(Output::Stdout(stdout()));
    }
    let target = match fs::metadata(path) {
        Ok(file) if file.is_file() => fs::canonicalize(path)?,
        Ok(_) => {
            return Ok(Output::Direct(BufWriter::new(
                OpenOptions::new().write(true).open(path)?,
            )));
        }
        // A dangling symlink: its target is created.
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(link) => parent(path).join(link),
            Err(_) => path.to_owned(),
        },
        Err(error) => return Err(error),
    };
    Ok(Output::Replace(
        BufWriter::with_capacity(64 << 10, sibling(&target, false)?),
        target,
    ))
}
