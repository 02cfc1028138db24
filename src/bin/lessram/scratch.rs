//! [`Scratch`]: a folder for temporary files that goes when the command ends, however it ends; and
//! [`Sweeper`], which sees to that.

use crate::error::{Code, Failure, Outcome};
use crate::outputs;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{SystemTime, UNIX_EPOCH};

const PREFIX: &str = "lessram-";

/// A folder of this process alone, removed with all that is in it when dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    /// Removes the folder should this process be killed.
    _sweeper: Sweeper,
}

impl Scratch {
    /// Makes the folder.
    pub(crate) fn create() -> Outcome<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
        let name = format!("{PREFIX}{}-{now:x}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Fails if somebody made it before us: then it is not ours to write to.
        create_private(&path).map_err(|error| Failure::scratch(&path, error))?;
        let sweeper = Sweeper::start(&["__sweep".as_ref(), path.as_ref()]);
        Ok(Self { path, _sweeper: sweeper })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A new file in the folder.
    pub(crate) fn file(&self, name: &str) -> Outcome<(File, PathBuf)> {
        let path = self.path.join(name);
        match File::create(&path) {
            Ok(file) => Ok((file, path)),
            Err(error) => Err(Failure::scratch(&path, error)),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell if this fails; the sweeper tries again.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A process that cleans up behind this one, however it ends. None if it could not be started.
#[derive(Debug)]
pub(crate) struct Sweeper(Option<Child>);

impl Sweeper {
    /// Of what saving to `out` leaves when it is cut short.
    pub(crate) fn beside(out: &Path) -> Self {
        let process = std::process::id().to_string();
        let Some(out) = outputs::resolved(out) else { return Self(None) };
        Self::start(&["__sweep-beside".as_ref(), out.as_ref(), process.as_ref()])
    }

    /// Starts a process that waits until this one has gone. In a process group of its own: Ctrl-C
    /// in a terminal ends this process and its children at once, and leaves that one to clean up.
    #[cfg(unix)]
    fn start(args: &[&OsStr]) -> Self {
        use std::os::unix::process::CommandExt;
        use std::process::{Command, Stdio};
        let Ok(program) = std::env::current_exe() else { return Self(None) };
        let mut command = Command::new(program);
        command.args(args).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().ok())
    }

    #[cfg(not(unix))]
    fn start(_: &[&OsStr]) -> Self {
        Self(None)
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // Closes its standard input first.
            let _ = child.wait();
        }
    }
}

/// The sweeper: removes the folder once nobody holds the other end of its standard input.
pub(crate) fn sweep(path: &Path) -> Outcome<Code> {
    let name = path.file_name().and_then(|name| name.to_str());
    let ours = name.is_some_and(|name| name.starts_with(PREFIX));
    if !ours || path.parent() != Some(&std::env::temp_dir()) {
        return Err(Failure::usage("__sweep is for the command's own folders"));
    }
    let _ = std::io::stdin().read(&mut [0]);
    let _ = fs::remove_dir_all(path);
    Ok(Code::Done)
}

/// The sweeper of a save to `out`: removes the temporary files of that process, as
/// [`lessram::storage::save`] calls them, once it has gone.
pub(crate) fn sweep_beside(out: &Path, process: u32) -> Outcome<Code> {
    let _ = std::io::stdin().read(&mut [0]);
    let (Some(folder), Some(name)) = (out.parent(), out.file_name()) else { return Ok(Code::Done) };
    let ours = [b".", name.as_encoded_bytes(), format!(".{process}-").as_bytes()].concat();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(&ours) && name.ends_with(b".lram-tmp") {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(Code::Done)
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    fs::create_dir(path)
}
