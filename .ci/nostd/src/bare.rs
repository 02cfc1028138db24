//! What std and libc otherwise bring: a start, an exit, a panic handler, an allocator, and the
//! memory functions that the compiler calls.

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

global_asm!(
    ".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {start}", "ud2",
    start = sym crate::start,
);

pub fn exit(code: i32) -> ! {
    // SAFETY: exit_group(code) of Linux on x86-64.
    unsafe { asm!("syscall", in("rax") 231, in("rdi") code, options(noreturn)) }
}

pub fn write(text: &[u8]) {
    // SAFETY: write(1, text, length); the kernel changes rax, rcx and r11 and reads `text` only.
    unsafe {
        asm!(
            "syscall", inlateout("rax") 1_usize => _, in("rdi") 1, in("rsi") text.as_ptr(),
            in("rdx") text.len(), out("rcx") _, out("r11") _,
        )
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    write(b"panic in ");
    let Some(place) = info.location() else { exit(101) };
    write(place.file().as_bytes());
    write(b":");
    let (mut digits, mut line, mut at) = ([b'0'; 10], place.line(), 10);
    while line > 0 {
        at -= 1;
        digits[at] = b'0' + (line % 10) as u8;
        line /= 10;
    }
    write(&digits[at..]);
    write(b"\n");
    exit(101)
}

/// Hands out a static array from the front and takes nothing back.
#[cfg(feature = "alloc")]
mod heap {
    use core::alloc::{GlobalAlloc, Layout};
    use core::cell::UnsafeCell;
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    const BYTES: usize = 1 << 20;

    #[repr(align(64))]
    struct Heap(UnsafeCell<[u8; BYTES]>);

    // SAFETY: the allocator hands out each byte once.
    unsafe impl Sync for Heap {}

    static HEAP: Heap = Heap(UnsafeCell::new([0; BYTES]));
    static TOP: AtomicUsize = AtomicUsize::new(0);

    #[global_allocator]
    static ALLOCATOR: Bump = Bump;

    struct Bump;

    // SAFETY: the program has one thread; every block lies in HEAP, aligned (up to HEAP's own 64)
    // and apart from the others.
    unsafe impl GlobalAlloc for Bump {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let start = TOP.load(Relaxed).next_multiple_of(layout.align());
            let Some(end) = start.checked_add(layout.size()) else { return core::ptr::null_mut() };
            if end > BYTES || layout.align() > 64 {
                return core::ptr::null_mut();
            }
            TOP.store(end, Relaxed);
            // SAFETY: start <= end <= BYTES.
            unsafe { HEAP.0.get().cast::<u8>().add(start) }
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }

    pub fn requested() -> usize {
        TOP.load(Relaxed)
    }
}
#[cfg(feature = "alloc")]
pub use heap::requested;

// core is compiled with unwinding in mind and names these; nothing here calls them.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(102)
}

// On targets with an operating system the compiler expects these from libc. Volatile, or the
// compiler would turn each loop into a call of the function it stands in.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    // SAFETY: the caller's: both blocks have `len` bytes.
    unsafe {
        asm!("rep movsb", inout("rcx") len => _, inout("rdi") to => _, inout("rsi") from => _)
    };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    if to.cast_const() <= from {
        // SAFETY: the caller's; a copy from the front never overtakes what it still has to read.
        return unsafe { memcpy(to, from, len) };
    }
    for at in (0..len).rev() {
        // SAFETY: the caller's: both blocks have `len` bytes.
        unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    // SAFETY: the caller's: the block has `len` bytes.
    unsafe { asm!("rep stosb", inout("rcx") len => _, inout("rdi") to => _, in("al") byte as u8) };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    for at in 0..len {
        // SAFETY: the caller's: both blocks have `len` bytes.
        let (a, b) = unsafe { (a.add(at).read_volatile(), b.add(at).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: the caller's.
    unsafe { memcmp(a, b, len) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut len = 0;
    // SAFETY: the caller's: the text ends with a zero.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}
