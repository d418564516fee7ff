//! A terminal for programs that want one (pty(7)).

use std::io::{self, Write as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{InputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::setsid;

use crate::protocol::WindowSize;

/// What the page's terminal understands, as terminfo calls it.
pub(super) const TYPE: &str = "xterm-256color";

/// The end-of-file character of a terminal as the kernel makes it: ctrl-D (termios(3)).
const END_OF_FILE: u8 = 4;

/// The runner's end of a terminal.
pub(super) struct Terminal(OwnedFd);

impl Terminal {
    /// A new terminal, and the end of it that is the program's.
    pub(super) fn open(window: WindowSize) -> io::Result<(Self, OwnedFd)> {
        let pair = openpty(&winsize(window), None)?;
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        let mut attributes = tcgetattr(&pair.slave)?;
        // Or erasing a character would erase one byte of it.
        attributes.input_flags |= InputFlags::IUTF8;
        tcsetattr(&pair.slave, SetArg::TCSANOW, &attributes)?;
        Ok((Self(pair.master), pair.slave))
    }

    /// The stream that the program's output comes from and its input goes to.
    pub(super) fn stream(&self) -> io::Result<OwnedFd> {
        self.0.try_clone()
    }

    /// Types the end-of-file character. `false` while the terminal takes no input.
    pub(super) fn end_input(&self) -> bool {
        let Ok(stream) = self.stream() else { return true };
        !matches!(
            std::fs::File::from(stream).write(&[END_OF_FILE]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
        )
    }

    /// Changes the window's size; the program is told by SIGWINCH.
    pub(super) fn resize(&self, window: WindowSize) {
        let window = winsize(window);
        #[expect(unsafe_code, reason = "no safe wrapper of this ioctl exists")]
        // SAFETY: the descriptor is open and the argument points to what TIOCSWINSZ reads (ioctl_tty(2)). It can only
        // fail for a descriptor that is no terminal.
        unsafe {
            libc::ioctl(self.0.as_raw_fd(), libc::TIOCSWINSZ, &raw const window);
        }
    }
}

/// In the child: makes the terminal the controlling one of a new session, so that ctrl-C reaches the program.
pub(super) fn control(program_end: BorrowedFd<'_>) -> io::Result<()> {
    setsid()?;
    #[expect(unsafe_code, reason = "no safe wrapper of this ioctl exists")]
    // SAFETY: the descriptor is open, and TIOCSCTTY takes a number (ioctl_tty(2)).
    match unsafe { libc::ioctl(program_end.as_fd().as_raw_fd(), libc::TIOCSCTTY, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn winsize(WindowSize { columns, rows }: WindowSize) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
