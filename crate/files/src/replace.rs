//! Atomic replacement. A reader finds either the whole old text or the whole new one, even after a crash at any moment.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, fsync, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use crate::directory::{Directory, OPEN, list};
use crate::fault::Fault;
use crate::lock::Lock;

/// The ending of a temporary file's name. One per target is enough, because only the holder of its lock writes it.
pub(crate) const TEMPORARY: &str = ".new";

impl Directory {
    /// Writes the whole file: temporary file, sync, rename, sync of the folder. After a fault, the file is the old one.
    /// If the last step failed, it may be either one.
    pub fn replace(&self, _held: &Lock, folder: &str, name: &str, text: &str) -> Result<(), Fault> {
        let shard = self.shard_to_write(folder, name)?;
        let temporary = format!("{name}{TEMPORARY}");
        let renamed = self
            .write_new(&shard, &temporary, text)
            .and_then(|()| renameat(&shard, &temporary, &shard, name).map_err(Fault::failed("rename a file")));
        if renamed.is_err() {
            // The caller must get the fault. The next write or sweep removes the temporary file.
            let _ = unlinkat(&shard, &temporary, AtFlags::empty());
        }
        renamed?;
        fsync(&shard).map_err(Fault::failed("sync a folder"))
    }

    /// Removes a file. It is not an error if the file doesn't exist.
    pub fn remove(&self, _held: &Lock, folder: &str, name: &str) -> Result<(), Fault> {
        let Some(shard) = self.shard(folder, name)? else {
            return Ok(());
        };
        match unlinkat(&shard, name, AtFlags::empty()) {
            Ok(()) => fsync(&shard).map_err(Fault::failed("sync a folder")),
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(Fault::Failed {
                step: "remove a file",
                errno,
            }),
        }
    }

    /// Removes the temporary files that crashed writers left in one shard of every folder. They must be older than
    /// `age`, so that a write in progress doesn't lose its own.
    pub fn sweep(&self, shard: &str, age: Duration) -> Result<(), Fault> {
        self.still_there()?;
        let oldest = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .saturating_sub(age)
            .as_secs();
        for folder in self.folders() {
            let Some(shard) = self.shard(folder, shard)? else {
                continue;
            };
            for name in list(&shard)?.iter().filter(|name| name.ends_with(TEMPORARY)) {
                let Ok(stat) = statat(&shard, name, AtFlags::SYMLINK_NOFOLLOW) else {
                    continue;
                };
                if u64::try_from(stat.st_mtime).is_ok_and(|modified| modified <= oldest) {
                    match unlinkat(&shard, name, AtFlags::empty()) {
                        Ok(()) | Err(Errno::NOENT) => {}
                        Err(errno) => {
                            return Err(Fault::Failed {
                                step: "sweep a folder",
                                errno,
                            });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn write_new(&self, shard: &OwnedFd, name: &str, text: &str) -> Result<(), Fault> {
        let file = match self.create(shard, name) {
            // A crashed writer left it: we hold its lock now.
            Err(Errno::EXIST) => {
                unlinkat(shard, name, AtFlags::empty()).map_err(Fault::failed("remove a temporary file"))?;
                self.create(shard, name)
            }
            created => created,
        };
        let file = file.map_err(Fault::failed("create a file"))?;
        if self.rules.umask_matters() {
            fchmod(&file, self.rules.file_mode()).map_err(Fault::failed("set the mode of a file"))?;
        }
        let mut file = File::from(file);
        file.write_all(text.as_bytes()).map_err(Fault::io("write a file"))?;
        // Not rustix's fsync: on macOS, only the standard library's also makes the drive empty its cache.
        file.sync_all().map_err(Fault::io("sync a file"))
    }

    fn create(&self, shard: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
        let mode: Mode = self.rules.file_mode();
        openat(shard, name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OPEN, mode)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::testing::Scratch;

    #[test]
    fn replaces_and_removes() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        let lock = directory.try_lock("abc").unwrap().unwrap();
        for text in ["one", "", "two\0\n\u{1f511}", &"x".repeat(3_000_000)] {
            directory.replace(&lock, "records", "abcd", text).unwrap();
            assert_eq!(directory.read("records", "abcd").unwrap().unwrap(), text);
        }
        assert_eq!(directory.names("records", "ab").unwrap(), ["abcd"]);
        directory.remove(&lock, "records", "abcd").unwrap();
        directory.remove(&lock, "records", "abcd").unwrap();
        directory.remove(&lock, "records", "ffff").unwrap();
        assert_eq!(directory.read("records", "abcd").unwrap(), None);
        assert!(directory.names("records", "ab").unwrap().is_empty());
        assert!(directory.names("records", "ff").unwrap().is_empty());
    }

    #[test]
    fn modes_with_and_without_a_group() {
        for (group, folder, file) in [(false, 0o700, 0o600), (true, 0o750, 0o640)] {
            let scratch = Scratch::new();
            let directory = Directory::open(&scratch.path, &["records"], group).unwrap();
            let lock = directory.try_lock("abc").unwrap().unwrap();
            directory.replace(&lock, "records", "abcd", "text").unwrap();
            let mode = |name: &str| fs::metadata(scratch.path.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(
                (mode("records"), mode("records/ab"), mode("locks")),
                (folder, folder, folder)
            );
            assert_eq!((mode("records/ab/abcd"), mode("locks/abc")), (file, 0o600));
        }
    }

    #[test]
    fn left_over_temporaries_are_overwritten_never_followed() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        let lock = directory.try_lock("abc").unwrap().unwrap();
        directory.replace(&lock, "records", "abcd", "old").unwrap();
        let (temporary, target) = (scratch.path.join("records/ab/abcd.new"), scratch.path.join("target"));
        fs::write(&temporary, "half").unwrap();
        assert_eq!(directory.names("records", "ab").unwrap(), ["abcd"]);
        directory.replace(&lock, "records", "abcd", "new").unwrap();
        fs::write(&target, "untouched").unwrap();
        symlink(&target, &temporary).unwrap();
        directory.replace(&lock, "records", "abcd", "newer").unwrap();
        assert_eq!(directory.read("records", "abcd").unwrap().unwrap(), "newer");
        assert_eq!(fs::read_to_string(target).unwrap(), "untouched");
        assert!(!temporary.exists());
    }

    #[test]
    fn sweeps_old_temporaries_only() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        let lock = directory.try_lock("abc").unwrap().unwrap();
        directory.replace(&lock, "records", "abcd", "text").unwrap();
        fs::write(scratch.path.join("records/ab/abff.new"), "half").unwrap();
        directory.sweep("ab", Duration::from_secs(3600)).unwrap();
        assert!(scratch.path.join("records/ab/abff.new").exists());
        directory.sweep("ab", Duration::ZERO).unwrap();
        assert!(!scratch.path.join("records/ab/abff.new").exists());
        assert_eq!(directory.read("records", "abcd").unwrap().unwrap(), "text");
        directory.sweep("ff", Duration::ZERO).unwrap();
    }

    #[test]
    fn a_failed_write_leaves_the_old_text() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        let lock = directory.try_lock("abc").unwrap().unwrap();
        directory.replace(&lock, "records", "abcd", "old").unwrap();
        // A directory in place of the temporary file can't be unlinked like a file.
        fs::create_dir(scratch.path.join("records/ab/abcd.new")).unwrap();
        assert!(matches!(
            directory.replace(&lock, "records", "abcd", "new"),
            Err(Fault::Failed { .. })
        ));
        assert_eq!(directory.read("records", "abcd").unwrap().unwrap(), "old");
    }
}
