//! Who may own and access the directory and its files.

use rustix::fs::{FileType, Mode, RawMode, Stat};
use rustix::process::{Uid, geteuid};

use crate::fault::Rule;

/// Owned by us and closed to everyone else. With `group`, the group may read. Nobody else may ever write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    owner: Uid,
    group: bool,
}

impl Rules {
    pub fn new(group: bool) -> Self {
        Self {
            owner: geteuid(),
            group,
        }
    }

    pub fn directory(self, stat: &Stat) -> Result<(), Rule> {
        match FileType::from_raw_mode(raw_mode(stat)) {
            FileType::Directory => self.access(stat, Mode::RGRP | Mode::XGRP),
            FileType::Symlink => Err(Rule::Symlink),
            _ => Err(Rule::NotDirectory),
        }
    }

    pub fn file(self, stat: &Stat) -> Result<(), Rule> {
        match FileType::from_raw_mode(raw_mode(stat)) {
            FileType::RegularFile => self.access(stat, Mode::RGRP),
            FileType::Symlink => Err(Rule::Symlink),
            _ => Err(Rule::NotFile),
        }
    }

    fn access(self, stat: &Stat, group_allowed: Mode) -> Result<(), Rule> {
        let mode = Mode::from_raw_mode(raw_mode(stat));
        let group_allowed = if self.group { group_allowed } else { Mode::empty() };
        if Uid::from_raw(stat.st_uid) != self.owner {
            Err(Rule::Owner)
        } else if mode.intersects(Mode::RWXO) {
            Err(Rule::OpenToOthers)
        } else if mode.intersects(Mode::RWXG - group_allowed) {
            Err(Rule::OpenToGroup)
        } else {
            Ok(())
        }
    }

    pub fn directory_mode(self) -> Mode {
        if self.group {
            Mode::RWXU | Mode::RGRP | Mode::XGRP
        } else {
            Mode::RWXU
        }
    }

    pub fn file_mode(self) -> Mode {
        if self.group {
            Mode::RUSR | Mode::WUSR | Mode::RGRP
        } else {
            Mode::RUSR | Mode::WUSR
        }
    }

    /// The umask removes bits from a new file or directory. Only the group's bits can be missing.
    pub fn umask_matters(self) -> bool {
        self.group
    }
}

/// `st_mode` has a different width on each system.
fn raw_mode(stat: &Stat) -> RawMode {
    stat.st_mode
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::verbose_bit_mask)]
mod tests {
    use super::*;

    fn verdicts(kind: u32, mode: u32) -> (Result<(), Rule>, Result<(), Rule>) {
        let mut stat = rustix::fs::statat(rustix::fs::CWD, ".", rustix::fs::AtFlags::empty()).unwrap();
        stat.st_uid = geteuid().as_raw();
        stat.st_mode = (kind | mode) as _;
        let check = |rules: Rules| {
            if kind == 0o100_000 {
                rules.file(&stat)
            } else {
                rules.directory(&stat)
            }
        };
        (check(Rules::new(false)), check(Rules::new(true)))
    }

    #[test]
    fn every_mode_of_a_file_and_a_directory() {
        for (kind, readable) in [(0o100_000, 0o040), (0o040_000, 0o050)] {
            for mode in 0..=0o777 {
                let (closed, group) = verdicts(kind, mode);
                let others = mode & 0o007 != 0;
                assert_eq!(closed.is_ok(), mode & 0o077 == 0, "{mode:o}");
                assert_eq!(group.is_ok(), !others && mode & 0o070 & !readable == 0, "{mode:o}");
                if others {
                    assert_eq!(closed, Err(Rule::OpenToOthers));
                }
            }
        }
    }

    #[test]
    fn other_kinds_are_refused() {
        assert_eq!(verdicts(0o120_000, 0o700).0, Err(Rule::Symlink));
        assert_eq!(verdicts(0o010_000, 0o700).0, Err(Rule::NotDirectory));
    }

    #[test]
    fn another_owner_is_refused() {
        let mut stat = rustix::fs::statat(rustix::fs::CWD, ".", rustix::fs::AtFlags::empty()).unwrap();
        stat.st_mode = 0o040_700 as _;
        stat.st_uid = geteuid().as_raw() + 1;
        assert_eq!(Rules::new(true).directory(&stat), Err(Rule::Owner));
    }
}
