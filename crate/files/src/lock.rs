//! A lock on one file, held until the value is dropped.
//!
//! It uses `flock` and not `fcntl`. An `fcntl` lock belongs to the process: two of its threads would both get it, and
//! closing any other handle of the file would drop it. A `flock` belongs to the open file. Every attempt opens the file
//! again, so other threads are excluded like other processes. The system releases the lock however its holder ends.

use std::os::fd::OwnedFd;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, openat};
use rustix::io::Errno;

use crate::directory::{Directory, LOCKS, OPEN};
use crate::fault::Fault;

/// Proof that the lock is held. Dropping it releases the lock, on any thread.
#[derive(Debug)]
pub struct Lock(OwnedFd);

impl Lock {
    /// Locks a file that was opened only for this. `None` at once if someone else has locked it.
    pub(crate) fn try_on(file: OwnedFd) -> Result<Option<Self>, Fault> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(Fault::Failed {
                step: "lock a file",
                errno,
            }),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would be enough, if no newly forked child still had the same open file.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl Directory {
    /// Takes the lock with this name (hexadecimal digits). `None` at once if someone else holds it.
    pub fn try_lock(&self, name: &str) -> Result<Option<Lock>, Fault> {
        self.still_there()?;
        Self::check_name(name)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OPEN;
        let file = openat(self.folder(LOCKS)?, name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|errno| self.open_failed(errno, &[LOCKS, name]))?;
        let stat = fstat(&file).map_err(Fault::failed("examine a lock file"))?;
        self.rules
            .file(&stat)
            .map_err(|rule| self.refused(&[LOCKS, name], rule))?;
        Lock::try_on(file)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use crate::testing::Scratch;
    use crate::{Fault, Rule};

    #[test]
    fn one_holder_at_a_time_also_within_a_thread() {
        let scratch = Scratch::new();
        let (one, other) = (scratch.open(), scratch.open());
        let lock = one.try_lock("0a1").unwrap().unwrap();
        assert!(one.try_lock("0a1").unwrap().is_none());
        assert!(other.try_lock("0a1").unwrap().is_none());
        assert!(other.try_lock("0a2").unwrap().is_some());
        drop(lock);
        assert!(other.try_lock("0a1").unwrap().is_some());
    }

    #[test]
    fn threads_count_without_losing_any() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        let add = || {
            for _ in 0..25 {
                let lock = loop {
                    if let Some(lock) = directory.try_lock("abc").unwrap() {
                        break lock;
                    }
                    std::thread::yield_now();
                };
                let text = directory.read("records", "abc").unwrap().unwrap_or("0".into());
                let next = text.parse::<u32>().unwrap() + 1;
                directory.replace(&lock, "records", "abc", &next.to_string()).unwrap();
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
        assert_eq!(directory.read("records", "abc").unwrap().unwrap(), "100");
    }

    #[test]
    fn lock_files_are_private_and_no_links() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        drop(directory.try_lock("abc").unwrap());
        let mode = std::fs::metadata(scratch.path.join("locks/abc"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        symlink("/etc/passwd", scratch.path.join("locks/abd")).unwrap();
        assert!(matches!(
            directory.try_lock("abd"),
            Err(Fault::Refused {
                rule: Rule::Symlink,
                ..
            })
        ));
        assert!(directory.try_lock("../../x").is_err());
    }
}
