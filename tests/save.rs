//! Saving: at every moment, and whatever goes wrong, the path holds the old file or the new one.
//!
//! Where a process must die, or run as somebody else, this program starts itself again, which
//! neither an emulator nor a foreign loader can do: those tests run where the build is native.

use lessram::FileError;
use lessram::arrays::PackedInts;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// A folder of its own, removed with all that is in it.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("lessram-save-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("numbers.lram")
    }

    /// The names of all that is in it.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Numbers that tell which of two versions they are, of some 60 bits each.
fn version(which: u64, len: u64) -> PackedInts {
    (0..len).map(|i| (i * 2 + which) << 42).collect()
}

fn read(path: &Path) -> PackedInts {
    PackedInts::read(path).unwrap()
}

#[test]
fn replaces_what_was_there_and_leaves_nothing_else() {
    let folder = TempFolder::new("replace");
    for which in [0, 1, 0] {
        version(which, 1_000).save(folder.file()).unwrap();
        assert_eq!(read(&folder.file()), version(which, 1_000));
        assert_eq!(folder.names(), ["numbers.lram"]);
    }
}

#[test]
fn a_path_without_a_name_is_an_error() {
    let save = |path| version(0, 3).save(path).unwrap_err();
    assert!(matches!(save(""), FileError::Io(_)));
    assert!(matches!(save("/"), FileError::NotAFile));
}

#[test]
fn a_missing_folder_is_an_error() {
    let folder = TempFolder::new("missing");
    let error = version(0, 3).save(folder.0.join("none/numbers.lram")).unwrap_err();
    let FileError::Io(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_folder_is_not_replaced() {
    let folder = TempFolder::new("folder");
    fs::create_dir(folder.file()).unwrap();
    assert!(matches!(version(0, 3).save(folder.file()), Err(FileError::NotAFile)));
    assert_eq!(folder.names(), ["numbers.lram"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::thread;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn follows_symlinks() {
        let folder = TempFolder::new("symlink");
        fs::create_dir(folder.0.join("real")).unwrap();
        let real = folder.0.join("real/numbers.lram");
        version(0, 100).save(&real).unwrap();
        symlink("real/numbers.lram", folder.file()).unwrap();
        symlink("numbers.lram", folder.0.join("again.lram")).unwrap();
        version(1, 100).save(folder.0.join("again.lram")).unwrap();
        assert_eq!(read(&real), version(1, 100));
        let links = [folder.file(), folder.0.join("again.lram")];
        assert!(links.iter().all(|link| link.is_symlink()) && !real.is_symlink());
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = TempFolder::new("socket");
        let _socket = UnixListener::bind(folder.file()).unwrap();
        symlink("numbers.lram", folder.0.join("other.lram")).unwrap();
        for path in [folder.file(), folder.0.join("other.lram")] {
            assert!(matches!(version(0, 3).save(path), Err(FileError::NotAFile)));
        }
        assert_eq!(folder.names(), ["numbers.lram", "other.lram"]);
        assert!(fs::metadata(folder.file()).unwrap().file_type().is_socket());
    }

    #[test]
    fn makes_the_file_that_a_symlink_waits_for() {
        let folder = TempFolder::new("dangling");
        symlink("later.lram", folder.file()).unwrap();
        version(1, 100).save(folder.file()).unwrap();
        assert!(folder.file().is_symlink());
        assert_eq!(read(&folder.0.join("later.lram")), version(1, 100));
    }

    #[test]
    fn a_ring_of_symlinks_is_an_error() {
        let folder = TempFolder::new("ring");
        symlink("other.lram", folder.file()).unwrap();
        symlink("numbers.lram", folder.0.join("other.lram")).unwrap();
        assert!(matches!(version(1, 100).save(folder.file()), Err(FileError::Io(_))));
        assert_eq!(folder.names(), ["numbers.lram", "other.lram"]);
        assert!(folder.file().is_symlink());
    }

    #[test]
    fn keeps_the_mode() {
        let folder = TempFolder::new("mode");
        version(0, 100).save(folder.file()).unwrap();
        for wanted in [0o600, 0o640, 0o444] {
            fs::set_permissions(folder.file(), fs::Permissions::from_mode(wanted)).unwrap();
            version(1, 100).save(folder.file()).unwrap();
            assert_eq!(mode(&folder.file()), wanted);
        }
    }

    /// Whoever may not read the old file may not read what is to take its place.
    #[test]
    fn nobody_else_reads_a_file_while_it_is_written() {
        let folder = TempFolder::new("private");
        version(0, 100).save(folder.file()).unwrap();
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o600)).unwrap();
        let large = version(1, 1_000_000);
        let seen = AtomicBool::new(false);
        thread::scope(|scope| {
            let writer = scope.spawn(|| {
                // Again and again, until one was seen while it was written.
                let unseen = |_: &u32| !seen.load(Relaxed);
                (0..1_000).take_while(unseen).for_each(|_| large.save(folder.file()).unwrap());
            });
            while !writer.is_finished() {
                for name in folder.names().iter().filter(|name| name.starts_with('.')) {
                    // It may be gone by now.
                    if let Ok(found) = fs::metadata(folder.0.join(name)) {
                        assert_eq!(found.permissions().mode() & 0o77, 0, "{name}");
                        seen.store(true, Relaxed);
                    }
                }
            }
        });
        assert!(seen.load(Relaxed));
    }

    /// Beside a name as long as names may be, that of its temporary file has room, too.
    #[test]
    fn saves_under_the_longest_names() {
        for len in [199, 200, 201, 255] {
            let folder = TempFolder::new("names");
            let name = "n".repeat(len);
            version(1, 100).save(folder.0.join(&name)).unwrap();
            assert_eq!(folder.names(), [name]);
        }
    }

    #[test]
    fn removes_what_a_dead_process_left() {
        let folder = TempFolder::new("leftovers");
        // No process has a number this high; the others are not names of temporary files.
        let dead = ".numbers.lram.4294967295-0-0.lram-tmp";
        let others =
            [".numbers.lram.x-0-0.lram-tmp", ".numbers.lram.1-0-0", ".other.1-0-0.lram-tmp"];
        for name in others.iter().chain([&dead]) {
            fs::write(folder.0.join(name), "").unwrap();
        }
        version(0, 100).save(folder.file()).unwrap();
        let mut expected = [&others[..], &["numbers.lram"]].concat();
        expected.sort_unstable();
        if cfg!(target_os = "linux") {
            assert_eq!(folder.names(), expected);
        }
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))]
mod processes {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Output, Stdio};
    use std::time::Duration;

    /// How a process that a test starts is told what to do, and where.
    const TASK: &str = "LESSRAM_TEST_SAVE";
    const FOLDER: &str = "LESSRAM_TEST_FOLDER";
    /// Numbers enough for a megabyte, so that writing takes a while.
    const MANY: u64 = 1 << 17;

    /// This program again, to do `task` in `folder`. Its arguments: only [`child`] is run.
    const ARGS: [&str; 4] = ["--exact", "processes::child", "--nocapture", "--test-threads=1"];

    fn again(program: &Path, task: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(ARGS).env(TASK, task).env(FOLDER, folder);
        command
    }

    /// Not a test: what a process started by the others does.
    #[test]
    fn child() {
        let Ok(task) = env::var(TASK) else { return };
        let file = PathBuf::from(env::var_os(FOLDER).unwrap()).join("numbers.lram");
        match task.as_str() {
            "loop" => {
                let versions = [version(0, MANY), version(1, MANY)];
                println!("saving");
                for which in [1, 0].into_iter().cycle() {
                    versions[which].save(&file).unwrap();
                }
            }
            "once" => match version(1, MANY).save(&file) {
                Ok(()) => println!("saved"),
                Err(FileError::Io(error)) => println!("refused: {error}"),
                Err(other) => panic!("{other}"),
            },
            "refused" => save_with_refusals(file.parent().unwrap()),
            "sort" => sort_with_refusals(),
            _ => panic!("no task {task}"),
        }
    }

    fn text(output: &Output) -> String {
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A save that failed: an error that says why, the old file as it was, nothing beside it.
    fn refused(folder: &TempFolder, said: &str) {
        assert!(said.contains("refused: "), "{said}");
        assert_eq!(read(&folder.file()), version(0, 1_000));
        assert_eq!(folder.names(), ["numbers.lram"]);
    }

    #[test]
    fn a_process_killed_at_any_moment_leaves_the_old_file_or_the_new() {
        let folder = TempFolder::new("killed");
        let versions = [version(0, MANY), version(1, MANY)];
        versions[0].save(folder.file()).unwrap();
        let (mut seen, mut interrupted) = ([0; 2], 0);
        for round in 0..kills() {
            let program = env::current_exe().unwrap();
            let mut child =
                again(&program, "loop", &folder.0).stdout(Stdio::piped()).spawn().unwrap();
            wait_for_line(&mut child, "saving");
            // Spread over several saves, and never in step with them.
            std::thread::sleep(Duration::from_micros(round * 7_919 % 40_000));
            child.kill().unwrap();
            child.wait().unwrap();
            interrupted += usize::from(folder.names().len() > 1);
            let held = read(&folder.file());
            let which = versions.iter().position(|version| *version == held);
            seen[which.expect("the old file or the new one")] += 1;
            if round % 10 == 9 {
                versions[0].save(folder.file()).unwrap();
                assert_eq!(folder.names(), ["numbers.lram"]);
            }
        }
        println!("old and new: {seen:?}, interrupted while writing: {interrupted}");
        assert!(interrupted > 0, "no process was killed while it wrote");
    }

    /// How often a process is killed; the variable `LESSRAM_KILLS` says otherwise.
    fn kills() -> u64 {
        env::var("LESSRAM_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(24)
    }

    fn wait_for_line(child: &mut std::process::Child, end: &str) {
        use std::io::{BufRead, BufReader};
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.ends_with(end)), "it ended early");
    }

    #[test]
    fn a_folder_that_may_not_be_written_to_is_an_error() {
        let folder = TempFolder::new("readonly");
        version(0, 1_000).save(folder.file()).unwrap();
        // For root nothing is read-only: then another user tries.
        let is_root = fs::metadata(&folder.0).unwrap().uid() == 0;
        let program = folder.0.with_extension("program");
        // A copy, as this program may lie where only its owner goes. Made by another process: a
        // file that is open for writing, if only in a child of another test, cannot be started.
        let copied = Command::new("cp").arg(env::current_exe().unwrap()).arg(&program).status();
        assert!(copied.unwrap().success());
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o555)).unwrap();
        let mut child = again(&program, "once", &folder.0);
        if is_root {
            child.uid(65_534).gid(65_534).current_dir("/");
        }
        let output = child.output();
        fs::remove_file(&program).unwrap();
        let said = text(&output.unwrap());
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
        refused(&folder, &said);
        assert!(said.contains("ermission denied"), "{said}");
    }

    #[test]
    fn a_file_too_large_for_the_limit_is_an_error() {
        let folder = TempFolder::new("limit");
        version(0, 1_000).save(folder.file()).unwrap();
        // The signal that comes with the limit would end the process before the error does.
        let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
        let output = Command::new("sh")
            .args(["-c", script])
            .arg(env::current_exe().unwrap())
            .args(ARGS)
            .env(TASK, "once")
            .env(FOLDER, &folder.0)
            .output();
        let said = text(&output.unwrap());
        refused(&folder, &said);
        assert!(said.contains("too large"), "{said}");
    }

    /// The calls of the system that `tests/refuse.c` can refuse, as it calls them.
    const CALLS: [&str; 7] = ["open", "write", "fsync", "fchmod", "rename", "unlink", "none"];

    /// Runs a task in a process in which calls of the system can be refused, with `folder` for its
    /// temporary files. Nothing where there is no C compiler, or no dynamic library to be loaded.
    fn with_refusals(task: &str, folder: &TempFolder) -> Option<String> {
        let library = folder.0.with_extension("so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refuse.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([library.as_os_str(), source.as_ref()])
            .status()
            .is_ok_and(|status| status.success());
        if !compiled {
            println!("*** SKIPPED: no C compiler to refuse calls of the system with");
            return None;
        }
        let output = again(&env::current_exe().unwrap(), task, &folder.0)
            .env("LD_PRELOAD", &library)
            .env("TMPDIR", &folder.0)
            .output();
        fs::remove_file(&library).unwrap();
        Some(text(&output.unwrap()))
    }

    /// From here on, call number `at` of this name is refused, once. Counts from 1; 0 is none.
    fn refuse(call: &str, at: usize) {
        // SAFETY: this process runs one test alone, in which no other thread reads the environment.
        #[allow(unsafe_code)]
        unsafe {
            env::set_var("LESSRAM_REFUSE", format!("{call}:{at}"));
        }
    }

    /// Whether [`refuse`] came to its call.
    fn was_refused() -> bool {
        env::var("LESSRAM_REFUSE").unwrap().ends_with(":refused")
    }

    /// Not a test: each call of each kind is refused to a save.
    fn save_with_refusals(folder: &Path) {
        let file = folder.join("numbers.lram");
        let names = || fs::read_dir(folder).unwrap().count();
        for call in CALLS {
            for at in 1.. {
                version(0, 1_000).save(&file).unwrap();
                refuse(call, at);
                let saved = version(1, MANY).save(&file);
                let refused = was_refused();
                refuse("none", 0);
                match saved {
                    Err(FileError::Io(error)) => {
                        assert!(
                            refused && error.raw_os_error() == Some(EIO),
                            "{call} {at}: {error}"
                        );
                        // The second sync is that of the folder, when all is done.
                        let which = u64::from((call, at) == ("fsync", 2));
                        let len = if which == 0 { 1_000 } else { MANY };
                        assert!(read(&file) == version(which, len), "{call} {at}");
                    }
                    Err(other) => panic!("{call} {at}: {other}"),
                    Ok(()) => assert_eq!(read(&file), version(1, MANY), "{call} {at}"),
                }
                assert_eq!(names(), 1, "something is left after {call} {at}");
                if !refused {
                    println!("{call}: {} refused", at - 1);
                    break;
                }
            }
        }
    }

    /// Input and output failed.
    const EIO: i32 = 5;

    #[test]
    fn each_call_that_is_refused_to_a_save_is_an_error_that_leaves_the_old_file() {
        let folder = TempFolder::new("refused");
        let Some(said) = with_refusals("refused", &folder) else { return };
        println!("{said}");
        for (call, least) in [("open", 2), ("write", 2), ("fsync", 2), ("fchmod", 1), ("rename", 1)]
        {
            let count =
                said.split(&format!("{call}: ")).nth(1).and_then(|rest| rest.split(' ').next());
            let count: usize = count.unwrap().parse().unwrap();
            assert!(count >= least, "{count} calls of {call} were refused");
        }
    }

    /// Not a test: calls are refused to a sort whose keys do not fit in memory.
    fn sort_with_refusals() {
        use lessram::tries::Sorter;
        let key =
            |i: u64| format!("{:016x}{}", i.wrapping_mul(0x9E37_79B9_7F4A_7C15), "-".repeat(300));
        let keys: std::collections::BTreeSet<String> = (0..7_000).map(key).collect();
        for call in CALLS {
            let (mut at, mut refusals) = (1, 0);
            loop {
                refuse(call, at);
                let mut sorter = Sorter::new(1 << 20);
                for i in 0..7_000 {
                    // What is refused was not taken, and nothing is lost: it may be tried again.
                    if let Err(error) = sorter.push(key(i)) {
                        assert!(was_refused(), "{call} {at}: {error}");
                        sorter.push(key(i)).unwrap();
                    }
                }
                assert!(sorter.is_in_files());
                let refused = was_refused();
                refuse("none", 0);
                let sorted: Vec<_> = sorter.finish().unwrap().map(Result::unwrap).collect();
                assert!(sorted.iter().eq(keys.iter().map(|key| key.as_bytes())), "{call} {at}");
                if !refused {
                    break;
                }
                (at, refusals) = (at + 1 + at / 2, refusals + 1);
            }
            println!("{call}: {refusals} refused");
        }
    }

    #[test]
    fn each_call_that_is_refused_to_a_sort_is_an_error_that_loses_no_key() {
        let folder = TempFolder::new("sort");
        let Some(said) = with_refusals("sort", &folder) else { return };
        println!("{said}");
        assert!(["open: 0", "write: 0", "unlink: 0"].iter().all(|none| !said.contains(none)));
        assert_eq!(folder.names(), [""; 0]);
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let folder = TempFolder::new("full");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "none"])
            .arg(&folder.0)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("*** SKIPPED: only root may mount a small disk");
            return;
        }
        version(0, 1_000).save(folder.file()).unwrap();
        let saved = version(1, MANY).save(folder.file());
        let (held, names) = (PackedInts::read(folder.file()), folder.names());
        let unmounted = Command::new("umount").arg(&folder.0).status();
        assert!(unmounted.unwrap().success());
        let Err(FileError::Io(error)) = saved else { panic!("{saved:?}") };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!((held.unwrap(), names), (version(0, 1_000), vec!["numbers.lram".into()]));
    }
}
