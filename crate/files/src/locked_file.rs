//! One file that several processes read, and replace as a whole under a lock.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, fchmod, fchown, fstat, fsync, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use crate::directory::{OPEN, list};
use crate::fault::{Fault, Rule};
use crate::lock::Lock;
use crate::replace::TEMPORARY;
use crate::rules::Rules;

/// How long a file system's clock may stand still between two changes.
const TICK: Duration = Duration::from_secs(2);

/// A temporary file of this age doesn't belong to a write in progress.
const LEFT_OVER: Duration = Duration::from_secs(3600);

/// The paths of the file and its lock, and who may access them.
#[derive(Debug)]
pub struct LockedFile {
    folder: PathBuf,
    name: String,
    lock: PathBuf,
    rules: Rules,
}

/// A file and its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl LockedFile {
    /// Checks nothing yet. `group` lets the file's group read it.
    ///
    /// Fails if the path doesn't name a file in a folder.
    pub fn new(path: &Path, lock: &Path, group: bool) -> Result<Self, Fault> {
        let name = path.file_name().and_then(|name| name.to_str());
        let (Some(folder), Some(name)) = (path.parent(), name) else {
            return Err(Fault::Refused {
                path: path.to_owned(),
                rule: Rule::NotFile,
            });
        };
        Ok(Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            lock: lock.to_owned(),
            rules: Rules::new(group),
        })
    }

    /// The state of the file, or `None` if it doesn't exist.
    pub fn version(&self) -> Result<Option<Version>, Fault> {
        match statat(CWD, self.path(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => self.checked(&stat).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Fault::Failed {
                step: "examine the file",
                errno,
            }),
        }
    }

    /// The bytes and the state in which they were read. `None` if the file doesn't exist.
    pub fn read(&self) -> Result<Option<(Vec<u8>, Version)>, Fault> {
        let file = match openat(CWD, self.path(), OFlags::RDONLY | OPEN, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(open_failed(errno, self.path())),
        };
        let stat = fstat(&file).map_err(Fault::failed("examine the file"))?;
        let version = self.checked(&stat)?;
        let mut bytes = Vec::new();
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        bytes.try_reserve_exact(size).map_err(|_| Fault::Failed {
            step: "read the file",
            errno: Errno::NOMEM,
        })?;
        File::from(file)
            .read_to_end(&mut bytes)
            .map_err(Fault::io("read the file"))?;
        Ok(Some((bytes, version)))
    }

    /// The fault for a required file that is missing.
    pub fn missing(&self) -> Fault {
        Fault::Refused {
            path: self.path(),
            rule: Rule::Missing,
        }
    }

    /// Tries once to take the lock. `None` if someone else holds it. The lock file is never removed.
    pub fn try_lock(&self) -> Result<Option<Lock>, Fault> {
        let flags = OFlags::RDWR | OFlags::CREATE | OPEN;
        let file = openat(CWD, &self.lock, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|errno| open_failed(errno, self.lock.clone()))?;
        let stat = fstat(&file).map_err(Fault::failed("examine a lock file"))?;
        // The file may belong to another system user, whose program created it. However, anyone who can open it can
        // hold it.
        let rule = if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            Rule::NotFile
        } else if Mode::from_raw_mode(stat.st_mode).intersects(Mode::RWXO) {
            Rule::OpenToOthers
        } else {
            return Lock::try_on(file);
        };
        Err(Fault::Refused {
            path: self.lock.clone(),
            rule,
        })
    }

    /// Replaces the file with these bytes, completely or not at all, and syncs them to disk. The file keeps its group.
    pub fn replace(&self, _held: &Lock, bytes: &[u8]) -> Result<Version, Fault> {
        let folder = openat(CWD, &self.folder, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(Fault::failed("open a folder"))?;
        let group = match statat(&folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Some(stat.st_gid),
            Err(_) => None,
        };
        self.sweep(&folder)?;
        // The name is unique, because two programs may use different lock files.
        let temporary = format!(".{}.{:016x}{TEMPORARY}", self.name, random());
        let renamed = self.write_new(&folder, &temporary, bytes, group).and_then(|version| {
            renameat(&folder, &temporary, &folder, &self.name).map_err(Fault::failed("rename a file"))?;
            Ok(version)
        });
        if renamed.is_err() {
            let _ = unlinkat(&folder, &temporary, AtFlags::empty());
        }
        let file = renamed?;
        fsync(&folder).map_err(Fault::failed("sync a folder"))?;
        // Renaming also changes the state.
        let stat = fstat(&file).map_err(Fault::failed("examine the file"))?;
        self.checked(&stat)
    }

    /// Removes files that crashed writers left behind, once they are too old to be in use.
    fn sweep(&self, folder: &OwnedFd) -> Result<(), Fault> {
        let prefix = format!(".{}.", self.name);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let oldest = now.saturating_sub(LEFT_OVER).as_secs();
        for name in list(folder)? {
            let ours = name.starts_with(&prefix) && name.ends_with(TEMPORARY);
            let Some(stat) = ours.then(|| statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW)) else {
                continue;
            };
            if stat.is_ok_and(|stat| u64::try_from(stat.st_mtime).is_ok_and(|modified| modified <= oldest)) {
                // A file that can't be removed does no harm.
                let _ = unlinkat(folder, &name, AtFlags::empty());
            }
        }
        Ok(())
    }

    fn write_new(&self, folder: &OwnedFd, name: &str, bytes: &[u8], group: Option<u32>) -> Result<File, Fault> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OPEN;
        let file = openat(folder, name, flags, Mode::RUSR | Mode::WUSR).map_err(Fault::failed("create a file"))?;
        let made = fstat(&file).map_err(Fault::failed("examine the file"))?;
        if let Some(group) = group.filter(|group| self.rules.umask_matters() && *group != made.st_gid) {
            fchown(&file, None, Some(Gid::from_raw(group))).map_err(Fault::failed("set the group of a file"))?;
        }
        if self.rules.umask_matters() {
            fchmod(&file, self.rules.file_mode()).map_err(Fault::failed("set the mode of a file"))?;
        }
        let mut file = File::from(file);
        file.write_all(bytes).map_err(Fault::io("write a file"))?;
        file.sync_all().map_err(Fault::io("sync a file"))?;
        Ok(file)
    }

    fn checked(&self, stat: &Stat) -> Result<Version, Fault> {
        self.rules.file(stat).map_err(|rule| Fault::Refused {
            path: self.path(),
            rule,
        })?;
        Ok(Version::of(stat))
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

/// A random number: the keys of a hasher come from the system's randomness and differ between the hashers of a process.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn open_failed(errno: Errno, path: PathBuf) -> Fault {
    match errno {
        Errno::LOOP | Errno::MLINK => Fault::Refused {
            path,
            rule: Rule::Symlink,
        },
        errno => Fault::Failed {
            step: "open a file",
            errno,
        },
    }
}

impl Version {
    /// True if every later change is certain to show as a different version, because the clock has advanced since the
    /// last change.
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let before = |time: (i64, i64)| u64::try_from(time.0).is_ok_and(|at| Duration::from_secs(at) + TICK < now);
        before(self.modified) && before(self.changed)
    }

    #[allow(
        clippy::unnecessary_cast,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::useless_conversion,
        reason = "the types of these members differ between systems"
    )]
    fn of(stat: &Stat) -> Self {
        Self {
            place: (stat.st_dev as u64, stat.st_ino as u64),
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;
    use crate::testing::Scratch;

    fn file(scratch: &Scratch, group: bool) -> LockedFile {
        let path = scratch.path.join("tfa.cfg");
        LockedFile::new(&path, &scratch.path.join("tfa.lock"), group).unwrap()
    }

    fn write(scratch: &Scratch, text: &str, mode: u32) {
        let path = scratch.path.join("tfa.cfg");
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn replaces_the_whole_file_and_tells_its_version() {
        let scratch = Scratch::new();
        let file = file(&scratch, false);
        assert_eq!(file.read().unwrap(), None);
        assert_eq!(file.version().unwrap(), None);
        let lock = file.try_lock().unwrap().unwrap();
        for text in ["one", "three\0", "", &"x".repeat(3_000_000)] {
            let written = file.replace(&lock, text.as_bytes()).unwrap();
            assert_eq!(file.read().unwrap(), Some((text.as_bytes().to_vec(), written)));
            assert_eq!(file.version().unwrap(), Some(written));
        }
        let mode = fs::metadata(scratch.path.join("tfa.cfg")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(temporaries(&scratch), Vec::<String>::new());
    }

    fn temporaries(scratch: &Scratch) -> Vec<String> {
        let names = fs::read_dir(&scratch.path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(TEMPORARY)).collect()
    }

    #[test]
    fn two_writers_with_two_locks_leave_one_whole_file() {
        let scratch = Scratch::new();
        let write = |lock: &str, byte: u8| {
            let file = LockedFile::new(&scratch.path.join("tfa.cfg"), &scratch.path.join(lock), false).unwrap();
            for _ in 0..50 {
                let held = file.try_lock().unwrap().unwrap();
                // The state after it may be that of the other's file already, never a fault.
                file.replace(&held, &vec![byte; 100_000]).unwrap();
                let (bytes, _) = file.read().unwrap().unwrap();
                assert!(bytes.len() == 100_000 && bytes.iter().all(|one| *one == bytes[0]));
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| write("one.lock", b'1'));
            scope.spawn(|| write("other.lock", b'2'));
        });
        assert_eq!(temporaries(&scratch), Vec::<String>::new());
    }

    #[test]
    fn a_lock_that_everybody_could_hold_is_refused() {
        let scratch = Scratch::new();
        let file = file(&scratch, false);
        let lock = scratch.path.join("tfa.lock");
        fs::write(&lock, "").unwrap();
        for (mode, good) in [(0o600, true), (0o660, true), (0o664, false), (0o602, false)] {
            fs::set_permissions(&lock, Permissions::from_mode(mode)).unwrap();
            let opened = Fault::Refused {
                path: lock.clone(),
                rule: Rule::OpenToOthers,
            };
            assert_eq!(file.try_lock().err(), (!good).then_some(opened), "{mode:o}");
        }
    }

    #[test]
    fn one_holder_at_a_time() {
        let scratch = Scratch::new();
        let (one, other) = (file(&scratch, false), file(&scratch, false));
        let lock = one.try_lock().unwrap().unwrap();
        assert!(one.try_lock().unwrap().is_none());
        assert!(other.try_lock().unwrap().is_none());
        drop(lock);
        assert!(other.try_lock().unwrap().is_some());
    }

    #[test]
    fn any_change_is_another_version_once_the_clock_went_on() {
        let scratch = Scratch::new();
        let file = file(&scratch, false);
        write(&scratch, "one", 0o600);
        let before = file.version().unwrap().unwrap();
        let now = SystemTime::now();
        assert!(!before.is_settled(now));
        assert!(before.is_settled(now + 2 * TICK));
        std::thread::sleep(Duration::from_millis(20));
        write(&scratch, "two", 0o600);
        assert_ne!(file.version().unwrap().unwrap(), before);
    }

    #[test]
    fn refuses_links_and_what_is_open_to_others() {
        let scratch = Scratch::new();
        let (ours, shared) = (file(&scratch, false), file(&scratch, true));
        let rule = |result: Result<Option<Version>, Fault>| match result.unwrap_err() {
            Fault::Refused { rule, .. } => rule,
            fault => unreachable!("{fault}"),
        };
        write(&scratch, "{}", 0o644);
        assert_eq!(rule(ours.version()), Rule::OpenToOthers);
        write(&scratch, "{}", 0o640);
        assert_eq!(rule(ours.version()), Rule::OpenToGroup);
        assert!(shared.version().is_ok() && shared.read().is_ok());
        fs::remove_file(scratch.path.join("tfa.cfg")).unwrap();
        symlink("/etc/passwd", scratch.path.join("tfa.cfg")).unwrap();
        assert_eq!(rule(ours.version()), Rule::Symlink);
        assert!(matches!(
            ours.read(),
            Err(Fault::Refused {
                rule: Rule::Symlink,
                ..
            })
        ));
        symlink("/etc/passwd", scratch.path.join("tfa.lock")).unwrap();
        assert!(matches!(
            ours.try_lock(),
            Err(Fault::Refused {
                rule: Rule::Symlink,
                ..
            })
        ));
        assert!(LockedFile::new(Path::new("/"), Path::new("/x"), false).is_err());
    }

    #[test]
    fn old_temporaries_are_removed_and_never_followed_and_the_mode_stays() {
        let scratch = Scratch::new();
        let shared = file(&scratch, true);
        write(&scratch, "old", 0o640);
        let (target, left) = (scratch.path.join("target"), scratch.path.join(".tfa.cfg.1.new"));
        fs::write(&target, "untouched").unwrap();
        symlink(&target, scratch.path.join(".tfa.cfg.2.new")).unwrap();
        fs::write(&left, "half").unwrap();
        let lock = shared.try_lock().unwrap().unwrap();
        shared.replace(&lock, b"new").unwrap();
        assert_eq!(temporaries(&scratch).len(), 2);
        let old = SystemTime::now() - LEFT_OVER - TICK;
        File::open(&left).unwrap().set_modified(old).unwrap();
        shared.replace(&lock, b"new").unwrap();
        assert_eq!(temporaries(&scratch), [".tfa.cfg.2.new"]);
        assert_eq!(fs::read_to_string(target).unwrap(), "untouched");
        assert_eq!(
            fs::metadata(scratch.path.join("tfa.cfg")).unwrap().mode() & 0o777,
            0o640
        );
    }
}
