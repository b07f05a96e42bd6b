//! The N-API surface: conversion only. Everything that crosses is named `Binding...`, and none of it is public API.
#![deny(clippy::all)]

pub mod challenge_book;
pub mod totp;
pub mod webauthn;

use napi_derive::napi;

#[napi]
pub fn binding_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
