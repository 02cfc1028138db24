//! Mapped files that another process spoils, which `map` forbids: what comes of it all the same.
//!
//! Nothing is promised here. This is the second line of defence: no number of a file is trusted
//! where it is used, so that one that changes between two looks makes answers wrong, at worst.

use super::rows::{DOORS, Door, Mapped, file_of, make_files};
use super::{Helper, TempFolder, argument, kills, ready};
use lessram::arrays::PackedInts;
use lessram::storage::MappedWords;
use lessram::testkit::data::Rng;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Not a test: overwrites a few bytes of a file in the folder, again and again, until it is killed.
#[test]
fn child_scribbles() {
    let Some(folder) = argument() else { return };
    let open = |path| OpenOptions::new().read(true).write(true).open(path).unwrap();
    let files: Vec<File> =
        fs::read_dir(folder).unwrap().map(|entry| open(entry.unwrap().path())).collect();
    let (mut rng, mut good) = (Rng::new(9), Vec::new());
    good.extend(files.iter().map(|file| {
        let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    }));
    ready();
    loop {
        let which = rng.below(files.len());
        let at = rng.below(good[which].len());
        let len = 1 + rng.below(8);
        let wild = [rng.number(), u64::MAX, 0][rng.below(3)].to_le_bytes();
        let end = good[which].len().min(at + len);
        files[which].write_all_at(&wild[..end - at], at as u64).unwrap();
        // And back, most often: files that are wrong everywhere are refused at the first look.
        if rng.below(4) > 0 {
            files[which].write_all_at(&good[which][at..end], at as u64).unwrap();
        }
    }
}

/// How long a look at everything may take, of files of some kilobytes.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn files_that_change_while_they_are_asked_give_wrong_answers_at_worst() {
    let folder = TempFolder::new("scribbled");
    make_files(&folder.0, |_| 600);
    let path = folder.0.clone();
    let (sender, receiver) = mpsc::channel();
    // In a thread, to see that it comes to an end.
    let asking = thread::spawn(move || {
        let open = |(name, door): &(&str, Door)| door(&file_of(&path, name)).unwrap();
        let held: Vec<Box<dyn Mapped>> = DOORS.iter().map(open).collect();
        let _scribbler = Helper::start("spoiled::child_scribbles", &path);
        let end = Instant::now() + Duration::from_millis(12 * kills());
        while Instant::now() < end {
            for ((name, door), held) in DOORS.iter().zip(&held) {
                sender.send(*name).unwrap();
                let ask = AssertUnwindSafe(|| {
                    // An answer that fits no other is one of the wrong ones.
                    let _ = held.exercise();
                    let _ = door(&file_of(&path, name)).map(|opened| opened.exercise());
                });
                assert!(catch_unwind(ask).is_ok(), "{name} panicked");
            }
        }
    });
    let mut last = ("nothing", 0);
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(name) => last = (name, last.1 + 1),
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("{} does not come to an end", last.0),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    assert!(asking.join().is_ok(), "{}", last.0);
    println!("{} looks at files that change", last.1);
    assert!(last.1 >= DOORS.len());
}

/// Not a test: reads all of a mapped file, again and again.
#[test]
fn child_reads() {
    let Some(path) = argument() else { return };
    // SAFETY: not so: what comes of it is what the parent wants to know.
    let ints: PackedInts<MappedWords> = unsafe { PackedInts::map(path) }.unwrap();
    ready();
    loop {
        std::hint::black_box(ints.iter().fold(0, u64::wrapping_add));
    }
}

#[test]
fn a_file_cut_short_ends_the_process_by_sigbus() {
    const SIGBUS: i32 = 7;
    let folder = TempFolder::new("cut");
    let path = folder.0.join("numbers.lram");
    (0..50_000).collect::<PackedInts>().save(&path).unwrap();
    let mut reader = Helper::start("spoiled::child_reads", &path);
    OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    assert_eq!(reader.0.wait().unwrap().signal(), Some(SIGBUS));
}
