//! Linked into every program: before it waits for input, what it has printed is sent.
//!
//! Rust's standard output keeps back what follows the last newline, so a `print!("Your name? ")`
//! would be seen after its answer. The standard library reads with `read`, which is this one.
#![feature(reentrant_lock, std_internals)]
#![allow(internal_features)]
#![crate_type = "lib"]

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::io::{self, LineWriter, Stdout, Write};
use std::mem;
use std::sync::ReentrantLock;

unsafe extern "C" {
    fn __read(descriptor: c_int, buffer: *mut c_void, size: usize) -> isize;
    fn write(descriptor: c_int, buffer: *const c_void, size: usize) -> isize;
}

/// # Safety
///
/// As for `read` of the C library, which does the reading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(descriptor: c_int, buffer: *mut c_void, size: usize) -> isize {
    if descriptor == 0 {
        flush_stdout();
    }
    // SAFETY: the caller's.
    unsafe { __read(descriptor, buffer, size) }
}

/// What lies below the buffer of `Stdout`, where the library has a private type of no size, too.
struct Descriptor;

impl Write for Descriptor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: the pointer and the length are those of a slice.
        let written = unsafe { write(1, bytes.as_ptr().cast(), bytes.len()) };
        usize::try_from(written).map_err(|_| io::Error::last_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `Stdout::flush` would wait while another thread holds the lock, perhaps for as long as that
/// thread waits for input from this one. Only `Stdout` itself can be asked whether it is locked.
fn flush_stdout() {
    type Inner = &'static ReentrantLock<RefCell<LineWriter<Descriptor>>>;
    // SAFETY: this is what `Stdout` consists of in the library that this file is compiled against
    // and linked with; `Descriptor` and its counterpart are both without any content.
    let inner: Inner = unsafe { mem::transmute::<Stdout, Inner>(io::stdout()) };
    if let Some(lock) = inner.try_lock() {
        if let Ok(mut writer) = lock.try_borrow_mut() {
            let _ = writer.flush();
        }
    }
}
