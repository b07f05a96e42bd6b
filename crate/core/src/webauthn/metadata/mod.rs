//! FIDO's metadata: which models of authenticators there are, what certifies them, and which are known to be broken
//! (FIDO Metadata Service 3.1).

mod blob;
mod date;
mod fault;
mod index;
mod reader;
mod request;
mod revocation;
mod status;

pub use self::blob::{BlobExpectation, SIGNER, verify};
pub use self::date::Date;
pub use self::fault::MetadataFault;
pub use self::index::{Metadata, Model, ModelId};
pub use self::request::verify_request;
pub use self::revocation::RevocationLists;
pub use self::status::{Certification, Status, Undesired};
