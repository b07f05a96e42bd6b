//! A checked directory of text files, `folder/ab/abcd…`. The two levels keep each folder small.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, Stat, chmodat, fstat, fsync, mkdirat, openat, statat};
use rustix::io::Errno;

use crate::fault::{Fault, Rule};
use crate::rules::Rules;

/// The flags of every open: not inherited by child processes, no symbolic links, no waiting for the other end of a
/// FIFO.
pub(crate) const OPEN: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);
const OPEN_FOLDER: OFlags = OPEN.union(OFlags::DIRECTORY);

/// The folder of the lock files. They are never renamed or unlinked, because a lock on an unlinked file excludes
/// nobody.
pub(crate) const LOCKS: &str = "locks";

/// A directory that passed every check, and its folders. All of them stay open.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    stat: Stat,
    folders: Vec<(String, OwnedFd)>,
    pub(crate) rules: Rules,
}

impl Directory {
    /// Opens an existing directory. Creates the named folders and one for locks if they are missing.
    ///
    /// Refused: a directory that is missing, a symbolic link, owned by someone else, or accessible to anyone else. With
    /// `group`, the group may read it (mode 0750, files 0640), but never write.
    pub fn open(path: &Path, folders: &[&str], group: bool) -> Result<Self, Fault> {
        let rules = Rules::new(group);
        // Collected again, the path has no trailing slash, which would follow a symbolic link.
        let path: PathBuf = path.components().collect();
        let refused = |rule| Fault::Refused {
            path: path.clone(),
            rule,
        };
        let found = statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW).map_err(|errno| match errno {
            Errno::NOENT => refused(Rule::Missing),
            Errno::NOTDIR => refused(Rule::NotDirectory),
            errno => Fault::Failed {
                step: "examine the directory",
                errno,
            },
        })?;
        rules.directory(&found).map_err(refused)?;
        let root = openat(CWD, &path, OPEN_FOLDER, Mode::empty()).map_err(Fault::failed("open the directory"))?;
        let stat = fstat(&root).map_err(Fault::failed("examine the directory"))?;
        if !same(&found, &stat) {
            return Err(refused(Rule::Replaced));
        }
        let mut directory = Self {
            path,
            stat,
            folders: Vec::new(),
            rules,
        };
        for name in folders.iter().copied().chain([LOCKS]) {
            let folder = directory.open_or_make(&root, &[name])?;
            directory.folders.push((name.into(), folder));
        }
        Ok(directory)
    }

    /// The text of a file, or `None` if there is none. This needs no lock, because a file is replaced as a whole. A
    /// file that is not UTF-8 is read as empty text, which no file of this store has.
    pub fn read(&self, folder: &str, name: &str) -> Result<Option<String>, Fault> {
        self.still_there()?;
        let Some(shard) = self.shard(folder, name)? else {
            return Ok(None);
        };
        let place = [folder, shard_of(name)?, name];
        let file = match openat(&shard, name, OFlags::RDONLY | OPEN, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(self.open_failed(errno, &place)),
        };
        let stat = fstat(&file).map_err(Fault::failed("examine a file"))?;
        self.rules.file(&stat).map_err(|rule| self.refused(&place, rule))?;
        let mut bytes = Vec::new();
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        bytes.try_reserve_exact(size).map_err(|_| Fault::Failed {
            step: "read a file",
            errno: Errno::NOMEM,
        })?;
        File::from(file)
            .read_to_end(&mut bytes)
            .map_err(Fault::io("read a file"))?;
        Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
    }

    /// The names of the files in one shard of a folder, without temporary files. A shard is the first two digits of a
    /// name.
    pub fn names(&self, folder: &str, shard: &str) -> Result<Vec<String>, Fault> {
        self.still_there()?;
        match self.shard(folder, shard)? {
            Some(shard) => Ok(list(&shard)?
                .into_iter()
                .filter(|name| Self::check_name(name).is_ok())
                .collect()),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != LOCKS)
    }

    pub(crate) fn folder(&self, name: &str) -> Result<&OwnedFd, Fault> {
        let found = self
            .folders
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, folder)| folder);
        found.ok_or(Fault::Failed {
            step: "find a folder",
            errno: Errno::INVAL,
        })
    }

    /// The open shard that a name belongs to, or `None` if it doesn't exist yet.
    pub(crate) fn shard(&self, folder: &str, name: &str) -> Result<Option<OwnedFd>, Fault> {
        self.open_folder(self.folder(folder)?, &[folder, shard_of(name)?])
    }

    pub(crate) fn shard_to_write(&self, folder: &str, name: &str) -> Result<OwnedFd, Fault> {
        self.open_or_make(self.folder(folder)?, &[folder, shard_of(name)?])
    }

    /// Checks that the path still leads to this directory. Otherwise, an unmounted volume would look like "no record",
    /// and a user would need no second factor.
    pub(crate) fn still_there(&self) -> Result<(), Fault> {
        match statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if same(&stat, &self.stat) => Ok(()),
            Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => Err(self.refused(&[], Rule::Replaced)),
            Err(errno) => Err(Fault::Failed {
                step: "examine the directory",
                errno,
            }),
        }
    }

    /// Checks that a name has only hexadecimal digits, so that it can't lead anywhere else.
    pub(crate) fn check_name(name: &str) -> Result<(), Fault> {
        let sound = name.len() >= 2 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if sound {
            Ok(())
        } else {
            Err(Fault::Failed {
                step: "name a file",
                errno: Errno::INVAL,
            })
        }
    }

    pub(crate) fn refused(&self, place: &[&str], rule: Rule) -> Fault {
        Fault::Refused {
            path: place.iter().fold(self.path.clone(), |path, part| path.join(part)),
            rule,
        }
    }

    pub(crate) fn open_failed(&self, errno: Errno, place: &[&str]) -> Fault {
        match errno {
            // With O_NOFOLLOW, systems use different error numbers for a symbolic link.
            Errno::LOOP | Errno::MLINK => self.refused(place, Rule::Symlink),
            errno => Fault::Failed {
                step: "open a file",
                errno,
            },
        }
    }

    fn open_or_make(&self, parent: &OwnedFd, place: &[&str]) -> Result<OwnedFd, Fault> {
        if let Some(folder) = self.open_folder(parent, place)? {
            return Ok(folder);
        }
        let name = place.last().copied().unwrap_or_default();
        match mkdirat(parent, name, self.rules.directory_mode()) {
            Ok(()) if self.rules.umask_matters() => {
                chmodat(parent, name, self.rules.directory_mode(), AtFlags::empty())
                    .map_err(Fault::failed("set the mode of a folder"))?;
            }
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => {
                return Err(Fault::Failed {
                    step: "make a folder",
                    errno,
                });
            }
        }
        // Even a file that is safely on disk is lost if its folder's entry is not.
        fsync(parent).map_err(Fault::failed("sync a folder"))?;
        self.open_folder(parent, place)?.ok_or(Fault::Failed {
            step: "open a folder",
            errno: Errno::NOENT,
        })
    }

    fn open_folder(&self, parent: &OwnedFd, place: &[&str]) -> Result<Option<OwnedFd>, Fault> {
        let name = place.last().copied().unwrap_or_default();
        let folder = match openat(parent, name, OPEN_FOLDER, Mode::empty()) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(None),
            // This is a symbolic link or a file. The stat below tells which.
            Err(Errno::NOTDIR | Errno::LOOP | Errno::MLINK) => {
                let stat =
                    statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).map_err(Fault::failed("examine a folder"))?;
                return Err(self.refused(place, self.rules.directory(&stat).err().unwrap_or(Rule::Replaced)));
            }
            Err(errno) => {
                return Err(Fault::Failed {
                    step: "open a folder",
                    errno,
                });
            }
        };
        let stat = fstat(&folder).map_err(Fault::failed("examine a folder"))?;
        self.rules.directory(&stat).map_err(|rule| self.refused(place, rule))?;
        Ok(Some(folder))
    }
}

/// Every name in a folder, without `.` and `..`. Names that are not text can't belong to this store and are left out.
pub(crate) fn list(folder: &OwnedFd) -> Result<Vec<String>, Fault> {
    let failed = Fault::failed("list a folder");
    let mut names = Vec::new();
    for entry in Dir::read_from(folder).map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
        let name: &CStr = entry.file_name();
        names.extend(
            name.to_str()
                .ok()
                .filter(|name| !matches!(*name, "." | ".."))
                .map(str::to_owned),
        );
    }
    Ok(names)
}

fn shard_of(name: &str) -> Result<&str, Fault> {
    Directory::check_name(name)?;
    name.get(..2).ok_or(Fault::Failed {
        step: "name a file",
        errno: Errno::INVAL,
    })
}

fn same(one: &Stat, other: &Stat) -> bool {
    one.st_dev == other.st_dev && one.st_ino == other.st_ino
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::testing::Scratch;

    fn rule<T: std::fmt::Debug>(result: Result<T, Fault>) -> Rule {
        match result.unwrap_err() {
            Fault::Refused { rule, .. } => rule,
            fault => unreachable!("{fault}"),
        }
    }

    fn open(path: &Path) -> Result<Directory, Fault> {
        Directory::open(path, &["records"], false)
    }

    #[test]
    fn refuses_what_is_missing_or_no_directory() {
        let scratch = Scratch::new();
        assert_eq!(rule(open(&scratch.path.join("none"))), Rule::Missing);
        fs::write(scratch.path.join("file"), "").unwrap();
        assert_eq!(rule(open(&scratch.path.join("file"))), Rule::NotDirectory);
        assert_eq!(rule(open(&scratch.path.join("file/below"))), Rule::NotDirectory);
    }

    #[test]
    fn refuses_symbolic_links_with_and_without_a_slash() {
        let scratch = Scratch::new();
        let link = scratch.path.with_extension("link");
        symlink(&scratch.path, &link).unwrap();
        assert_eq!(rule(open(&link)), Rule::Symlink);
        assert_eq!(rule(open(Path::new(&format!("{}/", link.display())))), Rule::Symlink);
        assert_eq!(rule(open(Path::new(&format!("{}/.", link.display())))), Rule::Symlink);
        fs::remove_file(link).unwrap();
    }

    #[test]
    fn refuses_links_below() {
        let scratch = Scratch::new();
        let target = Scratch::new();
        symlink(&target.path, scratch.path.join("records")).unwrap();
        assert_eq!(rule(open(&scratch.path)), Rule::Symlink);
        fs::remove_file(scratch.path.join("records")).unwrap();
        let directory = scratch.open();
        symlink(&target.path, scratch.path.join("records/ab")).unwrap();
        assert_eq!(rule(directory.read("records", "abcd")), Rule::Symlink);
        fs::create_dir(scratch.path.join("records/cd")).unwrap();
        fs::set_permissions(scratch.path.join("records/cd"), Permissions::from_mode(0o700)).unwrap();
        symlink("/etc/passwd", scratch.path.join("records/cd/cdef")).unwrap();
        assert_eq!(rule(directory.read("records", "cdef")), Rule::Symlink);
    }

    #[test]
    fn refuses_what_is_open_to_others_or_to_the_group() {
        let scratch = Scratch::new();
        let chmod = |name: &str, mode| {
            fs::set_permissions(scratch.path.join(name), Permissions::from_mode(mode)).unwrap();
        };
        for (mode, expected) in [
            (0o701, Rule::OpenToOthers),
            (0o755, Rule::OpenToOthers),
            (0o750, Rule::OpenToGroup),
        ] {
            chmod("", mode);
            assert_eq!(rule(open(&scratch.path)), expected);
        }
        assert!(Directory::open(&scratch.path, &["records"], true).is_ok());
        chmod("", 0o770);
        assert_eq!(
            rule(Directory::open(&scratch.path, &["records"], true)),
            Rule::OpenToGroup
        );
        chmod("", 0o700);
        chmod("records", 0o700);
        chmod("locks", 0o700);
        let directory = scratch.open();
        let lock = directory.try_lock("abc").unwrap().unwrap();
        directory.replace(&lock, "records", "abcd", "text").unwrap();
        chmod("records/ab/abcd", 0o644);
        assert_eq!(rule(directory.read("records", "abcd")), Rule::OpenToOthers);
        chmod("records/ab", 0o750);
        assert_eq!(rule(directory.read("records", "abcd")), Rule::OpenToGroup);
    }

    #[test]
    fn a_directory_that_went_away_is_a_fault_not_an_absent_record() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        assert_eq!(directory.read("records", "abcd"), Ok(None));
        let elsewhere = scratch.path.with_extension("moved");
        fs::rename(&scratch.path, &elsewhere).unwrap();
        assert_eq!(rule(directory.read("records", "abcd")), Rule::Replaced);
        fs::create_dir(&scratch.path).unwrap();
        assert_eq!(rule(directory.try_lock("abc")), Rule::Replaced);
        fs::remove_dir_all(elsewhere).unwrap();
    }

    #[test]
    fn names_lead_nowhere_else() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        for name in ["", "a", "..", "../..", "ab/c", "AB", "ab.new", "ab\0", "é"] {
            assert!(directory.read("records", name).is_err(), "{name}");
        }
        assert!(directory.read("nowhere", "abcd").is_err());
    }

    #[test]
    fn bytes_that_are_no_text() {
        let scratch = Scratch::new();
        let directory = scratch.open();
        let lock = directory.try_lock("abc").unwrap().unwrap();
        directory.replace(&lock, "records", "abcd", "text").unwrap();
        fs::write(scratch.path.join("records/ab/abcd"), [0xff, 0xfe]).unwrap();
        assert_eq!(directory.read("records", "abcd").unwrap().unwrap(), "");
    }
}
