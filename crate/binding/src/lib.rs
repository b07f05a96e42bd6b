//! The N-API surface: conversion only. Everything that crosses is named `Binding...`, and none of it is public API.
// N-API hands over owned values.
#![allow(clippy::needless_pass_by_value)]

pub mod call;
pub mod challenge_book;
pub mod change;
// Files are for Unix; elsewhere the facade says `not-supported` before it comes here.
#[cfg(unix)]
pub mod config_file;
#[cfg(unix)]
pub mod files;
#[cfg(unix)]
mod held;
pub mod metadata;
pub mod sealing;
pub mod service;
pub mod text;
pub mod tfa_config;
pub mod totp;
pub mod webauthn;
pub mod yubico;
