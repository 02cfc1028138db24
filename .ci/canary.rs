//! A program with one memory error of each kind that valgrind and AddressSanitizer are there to
//! find. CI runs it first: a tool that stays silent here would stay silent about the crate too.

use std::alloc::{Layout, alloc, dealloc};
use std::hint::black_box;

fn main() {
    let layout = Layout::new::<u64>();
    // SAFETY: none, on purpose: the reads below are the errors that the tools must report
    unsafe {
        let block = alloc(layout);
        match std::env::args().nth(1).as_deref() {
            Some("overflow") => drop(black_box(block.add(8).read_volatile())),
            Some("uninit") if block.read_volatile() == 1 => println!("one"),
            Some("uninit") => println!("not one"),
            Some("freed") => {
                dealloc(block, layout);
                black_box(block.read_volatile());
            }
            _ => dealloc(block, layout),
        }
    }
}
