//! See the folder README.
