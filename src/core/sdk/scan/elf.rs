//! ELF files: the sections that tell of SDKs.
