//! A program that has nothing but the kernel. Exits with 0 and says `no_std ok` if all is well.

#![no_std]
#![no_main]

mod bare;

#[cfg(feature = "leak-std")]
extern crate std;

use bare::{exit, write};
use lessram::FileError;
use lessram::arrays::{PackedInts, StrArray};

/// A file in the program's read-only data, opened in place.
fn static_file() -> Result<(), FileError> {
    let file: &'static [u8] = lessram::embed!(concat!(env!("OUT_DIR"), "/ints.lram"));
    let ints = PackedInts::view(file)?;
    ints.validate()?;
    check(!ints.is_empty() && ints.iter().count() == ints.len());
    let last = ints.len() - 1;
    check(ints.get(last) == ints.iter().last() && ints.get(last + 1).is_none());
    check(ints.iter().all(|value| value <= ints.max_value()));
    check(matches!(StrArray::view(file), Err(FileError::Kind { .. })));
    check(matches!(PackedInts::view(&file[1..]), Err(FileError::BadMagic)));
    check(matches!(PackedInts::view(&file[..8]), Err(FileError::Truncated { .. })));
    Ok(())
}

/// Built, changed, written and opened again, in an allocator of our own.
#[cfg(feature = "alloc")]
fn built() -> Result<(), FileError> {
    use lessram::mem::Footprint;

    let mut ints: PackedInts = (0..1_000).map(|i| i * 7 % 100).collect();
    check(ints.heap_bytes() == 888 && ints.get(3) == Some(21));
    check(bare::requested() >= ints.heap_bytes());
    ints.push(300);
    let file = ints.to_bytes()?;
    let view = PackedInts::view(file.as_bytes())?;
    check(view == ints && view.get(1_000) == Some(300) && view.heap_bytes() == 0);
    Ok(())
}

fn run() -> Result<(), FileError> {
    static_file()?;
    #[cfg(feature = "alloc")]
    built()?;
    Ok(())
}

#[track_caller]
fn check(holds: bool) {
    if !holds {
        panic!();
    }
}

/// Where `_start` jumps to.
extern "C" fn start() -> ! {
    match run() {
        Ok(()) => {
            write(b"no_std ok\n");
            exit(0)
        }
        Err(_) => {
            write(b"a file error\n");
            exit(1)
        }
    }
}
