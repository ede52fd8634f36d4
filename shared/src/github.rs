//! The client of GitHub: the only module that knows GitHub's words.
