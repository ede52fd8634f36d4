//! The library that every Assay function is made of.
