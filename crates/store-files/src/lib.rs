//! The document contract on a folder.
