//! Extended attributes of files, access control lists among them (xattr(7), acl(5)).

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;

/// The kernel's own limit of a list of names (listxattr(2)).
const LONGEST_LIST: usize = 64 * 1024;

/// Whether a file has any.
pub(super) fn has_attributes(path: &Path) -> io::Result<bool> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // Without a buffer, the call gives the length.
    Ok(list(&path, &mut [])? > 0)
}

/// Removes those of a folder, which its owner must be able to write to.
pub(super) fn remove_attributes(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    if list(&path, &mut [])? == 0 {
        return Ok(());
    }
    let mut names = vec![0; LONGEST_LIST];
    let length = list(&path, &mut names)?;
    for name in names[..length].split_inclusive(|byte| *byte == 0) {
        if let Ok(name) = CStr::from_bytes_with_nul(name) {
            remove(&path, name);
        }
    }
    Ok(())
}

/// The names, each with a zero at its end, and their length. Nothing where a file system has none.
fn list(path: &CStr, buffer: &mut [u8]) -> io::Result<usize> {
    #[expect(unsafe_code, reason = "no safe wrapper of llistxattr exists")]
    // SAFETY: the path ends with a zero, and the buffer is valid for writes of its length.
    let length = unsafe { libc::llistxattr(path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    match (usize::try_from(length), Errno::last()) {
        (Ok(length), _) => Ok(length),
        (Err(_), Errno::EOPNOTSUPP) => Ok(0),
        (Err(_), error) => Err(error.into()),
    }
}

fn remove(path: &CStr, name: &CStr) {
    #[expect(unsafe_code, reason = "no safe wrapper of lremovexattr exists")]
    // SAFETY: both strings end with a zero. What this user may not remove, it could not have set.
    unsafe {
        libc::lremovexattr(path.as_ptr(), name.as_ptr());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn set(path: &Path, name: &CStr) {
        let path = CString::new(path.as_os_str().as_bytes()).unwrap();
        #[expect(unsafe_code, reason = "no safe wrapper of lsetxattr exists")]
        // SAFETY: both strings end with a zero, and the value is one readable byte.
        let outcome = unsafe { libc::lsetxattr(path.as_ptr(), name.as_ptr(), c"x".as_ptr().cast(), 1, 0) };
        assert_eq!(outcome, 0, "{}: the file system of temporary files holds no attributes", Errno::last());
    }

    #[test]
    fn what_a_user_set_is_seen_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        for path in [folder.path(), &file] {
            assert!(!has_attributes(path).unwrap());
            set(path, c"user.one");
            set(path, c"user.two");
            assert!(has_attributes(path).unwrap());
            remove_attributes(path).unwrap();
            assert!(!has_attributes(path).unwrap());
        }
    }
}
