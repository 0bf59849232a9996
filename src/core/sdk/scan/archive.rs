//! Zip archives: the directory, and single files of them.
