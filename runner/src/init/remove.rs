//! Removes what a stage left behind, however it is made. No process of a stage lives then.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Lets the owner do everything.
pub(super) const OPEN_FOLDER: u32 = 0o700;

/// Removes a file, or a folder with all that is in it; `root` is the folder of the same file system that it is below.
///
/// Folders can be nested deeper than a path is long, than descriptors can be had and than a stack is deep: each one is
/// moved up to the root before it is emptied.
pub(super) fn remove(path: &Path, root: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    let mut number = 0_u64;
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, Permissions::from_mode(OPEN_FOLDER))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(move_up(&entry.path(), root, &mut number)?);
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_dir(&folder)?;
    }
    Ok(())
}

/// Moves a folder to a name in the root that nothing has.
fn move_up(folder: &Path, root: &Path, number: &mut u64) -> io::Result<PathBuf> {
    // A folder can only be moved by who may write in it.
    fs::set_permissions(folder, Permissions::from_mode(OPEN_FOLDER))?;
    loop {
        let name = root.join(format!(".removed-{number}"));
        *number += 1;
        if fs::symlink_metadata(&name).is_err() {
            fs::rename(folder, &name)?;
            return Ok(name);
        }
    }
}

/// Removes everything in a folder.
pub(super) fn empty(root: &Path) -> io::Result<()> {
    loop {
        // What is moved up meanwhile may or may not be listed: hence again, until nothing is.
        let Some(entry) = fs::read_dir(root)?.next() else { return Ok(()) };
        remove(&entry?.path(), root)?;
    }
}

/// System V shared memory, semaphores and message queues of this IPC namespace (sysvipc(7)).
pub(super) fn remove_system_v_ipc() {
    for (kind, remove) in [("shm", remove_shm as fn(i32)), ("sem", remove_sem), ("msg", remove_msg)] {
        // Kernels can be built without.
        let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        let ids = table.lines().skip(1).filter_map(|line| line.split_ascii_whitespace().nth(1)?.parse().ok());
        ids.for_each(remove);
    }
}

fn remove_shm(id: i32) {
    #[expect(unsafe_code, reason = "no safe wrapper of shmctl exists")]
    // SAFETY: IPC_RMID reads no argument (shmctl(2)).
    unsafe {
        libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
    }
}

fn remove_sem(id: i32) {
    #[expect(unsafe_code, reason = "no safe wrapper of semctl exists")]
    // SAFETY: IPC_RMID reads no argument (semctl(2)).
    unsafe {
        libc::semctl(id, 0, libc::IPC_RMID);
    }
}

fn remove_msg(id: i32) {
    #[expect(unsafe_code, reason = "no safe wrapper of msgctl exists")]
    // SAFETY: IPC_RMID reads no argument (msgctl(2)).
    unsafe {
        libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn folders_that_are_closed_or_hold_links_go_and_what_links_point_to_stays() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let folder = root.path().join("a/b/c");
        fs::create_dir_all(&folder).unwrap();
        symlink(outside.path(), folder.join("link")).unwrap();
        fs::write(folder.join("file"), "x").unwrap();
        fs::write(root.path().join(".removed-0"), "in the way").unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o0)).unwrap();
        empty(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        assert!(outside.path().join("kept").exists());
    }

    #[test]
    fn folders_deeper_than_any_path_go() {
        let root = tempfile::tempdir().unwrap();
        let name = "d".repeat(200);
        // Nested from the inside out: no path is ever longer than three names.
        for _ in 0..3000 {
            let (top, next) = (root.path().join(&name), root.path().join("next"));
            fs::create_dir(&next).unwrap();
            if top.exists() {
                fs::rename(&top, next.join(&name)).unwrap();
            }
            fs::rename(&next, &top).unwrap();
        }
        empty(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
