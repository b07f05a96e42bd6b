//! How file work can fail. A fault names places in the store, never what is stored there.

use std::fmt;
use std::path::PathBuf;

use rustix::io::Errno;

/// Why a directory can't be used, or why one operation in it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The directory, or a file in it, breaks one of the rules.
    Refused { path: PathBuf, rule: Rule },
    /// The system refused a step, for example because of a full disk or a missing permission.
    Failed { step: &'static str, errno: Errno },
    /// A write without the required lock.
    NotHeld,
}

/// The rule that a directory or a file breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Missing,
    NotDirectory,
    NotFile,
    Symlink,
    Owner,
    OpenToGroup,
    OpenToOthers,
    Replaced,
}

impl Fault {
    pub(crate) fn failed(step: &'static str) -> impl Fn(Errno) -> Self {
        move |errno| Self::Failed { step, errno }
    }

    pub(crate) fn io(step: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::Failed {
            step,
            errno: Errno::from_io_error(&error).unwrap_or(Errno::IO),
        }
    }

    /// The stable code, as the facade's errors spell it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "directory-refused",
            Self::Failed { .. } | Self::NotHeld => "store-failed",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { path, rule } => write!(formatter, "{} {rule}", path.display()),
            Self::Failed { step, errno } => write!(formatter, "{step}: {errno}"),
            Self::NotHeld => formatter.write_str("the lock is not held"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Missing => "does not exist (the option `create` makes it)",
            Self::NotDirectory => "is not a directory",
            Self::NotFile => "is not a regular file",
            Self::Symlink => "is a symbolic link",
            Self::Owner => "belongs to another user than this process runs as",
            Self::OpenToGroup => "is open to its group",
            Self::OpenToOthers => "is open to other users",
            Self::Replaced => "was removed or replaced while it was in use",
        })
    }
}
