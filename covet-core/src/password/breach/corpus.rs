//! Stolen passwords in a file, for whoever tells nobody anything.
//!
//! A record is six bytes of the SHA-1 and one for how often it was found, in order, so that a lookup reads some twenty of
//! them. A password that is not in the file is taken for one of `n` with a chance of `n / 2^48`: of fifteen million, once
//! in nineteen million.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::Path;

use super::{BreachError, Breaches, Sha1Digest};

const MAGIC: &[u8; 16] = b"covet breaches 1";
const DIGEST: usize = 6;
const RECORD: usize = DIGEST + 1;

/// A file of stolen passwords, made by [`build`].
#[derive(Debug)]
pub struct Corpus {
    file: File,
    records: u64,
}

impl Corpus {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`BreachError::File`] or [`BreachError::NoCorpus`].
    pub fn open(path: &Path) -> Result<Self, BreachError> {
        let file = File::open(path)?;
        let length = file.metadata()?.len().checked_sub(MAGIC.len() as u64);
        let mut magic = [0; MAGIC.len()];
        let whole = length.filter(|length| length % RECORD as u64 == 0);
        match whole {
            Some(length) if read_at(&file, &mut magic, 0).is_ok() && magic == *MAGIC => {
                Ok(Self { file, records: length / RECORD as u64 })
            }
            _ => Err(BreachError::NoCorpus(path.display().to_string())),
        }
    }

    /// How many passwords it has.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.records
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    fn record(&self, index: u64) -> io::Result<([u8; DIGEST], u8)> {
        let mut record = [0; RECORD];
        read_at(&self.file, &mut record, MAGIC.len() as u64 + index * RECORD as u64)?;
        let [digest @ .., exponent] = record;
        Ok((digest, exponent))
    }
}

impl Breaches for Corpus {
    /// At least so often: the file knows the power of two.
    fn count(&self, digest: &Sha1Digest) -> Result<u64, BreachError> {
        let sought = beginning(digest);
        let (mut from, mut to) = (0, self.records);
        while from < to {
            let middle = from + (to - from) / 2;
            let (found, exponent) = self.record(middle)?;
            match found.cmp(&sought) {
                std::cmp::Ordering::Equal => return Ok(1_u64.checked_shl(exponent.into()).unwrap_or(u64::MAX)),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        Ok(0)
    }
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Built {
    /// How many passwords were written.
    pub written: u64,
    /// How many were left out, for they were found less often than asked.
    pub left_out: u64,
}

/// A file of stolen passwords could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A line is not `DIGEST:COUNT`.
    #[error("line {0}: expected forty hexadecimal digits, `:` and a number")]
    Malformed(u64),
    /// The digests are not in order.
    #[error("line {0}: expected the digests in ascending order, as the downloader of Have I Been Pwned writes them")]
    Unordered(u64),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Makes a file of stolen passwords from lines `DIGEST:COUNT` in the order of the digests, of those that were found at
/// least `min_count` times.
///
/// # Errors
///
/// [`BuildError`]; what was written by then is not a file to be used.
pub fn build(lines: impl BufRead, min_count: u64, mut to: impl Write) -> Result<Built, BuildError> {
    to.write_all(MAGIC)?;
    let mut built = Built { written: 0, left_out: 0 };
    let mut before: Option<Sha1Digest> = None;
    for (line, number) in lines.lines().zip(1_u64..) {
        let line = line?;
        let parsed = line.trim().split_once(':');
        let parsed = parsed.and_then(|(digest, count)| Some((Sha1Digest::from_hex(digest)?, count.parse().ok()?)));
        let (digest, count): (Sha1Digest, u64) = parsed.ok_or(BuildError::Malformed(number))?;
        if before.is_some_and(|before| digest.bytes() <= before.bytes()) {
            return Err(BuildError::Unordered(number));
        }
        if count < min_count {
            built.left_out += 1;
        } else {
            to.write_all(&beginning(&digest))?;
            #[expect(clippy::cast_possible_truncation, reason = "a logarithm of 64 bits is at most 63")]
            to.write_all(&[count.max(1).ilog2() as u8])?;
            built.written += 1;
        }
        before = Some(digest);
    }
    to.flush()?;
    Ok(built)
}

fn beginning(digest: &Sha1Digest) -> [u8; DIGEST] {
    let [a, b, c, d, e, f, ..] = *digest.bytes();
    [a, b, c, d, e, f]
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !into.is_empty() {
        let read = file.seek_read(into, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        into = into.split_at_mut(read).1;
        at += read as u64;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn hex(digest: &Sha1Digest) -> String {
        let (prefix, suffix) = digest.split();
        prefix + &suffix
    }

    /// Lines for these passwords and counts, in the order of their digests.
    fn lines(passwords: &[(String, u64)]) -> String {
        let sorted: BTreeMap<_, _> =
            passwords.iter().map(|(password, count)| (hex(&Sha1Digest::of(password)), *count)).collect();
        sorted.iter().map(|(digest, count)| format!("{digest}:{count}\r\n")).collect()
    }

    fn corpus(passwords: &[(String, u64)], min_count: u64) -> (tempfile::TempDir, Corpus, Built) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("stolen");
        let built = build(lines(passwords).as_bytes(), min_count, File::create(&path).unwrap()).unwrap();
        (directory, Corpus::open(&path).unwrap(), built)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn exactly_what_was_found_often_enough_is_known_by_its_power_of_two(
            passwords in proptest::collection::btree_map("[a-z]{1,6}", 0..5000_u64, 0..200),
            others in proptest::collection::vec("[A-Z]{1,6}", 20),
            min_count in 1..100_u64,
        ) {
            let passwords: Vec<_> = passwords.into_iter().collect();
            let (_directory, corpus, built) = corpus(&passwords, min_count);
            for (password, count) in &passwords {
                let expected = if *count < min_count { 0 } else { 1 << count.ilog2() };
                prop_assert_eq!(corpus.count(&Sha1Digest::of(password)).unwrap(), expected);
            }
            for other in others {
                prop_assert_eq!(corpus.count(&Sha1Digest::of(&other)).unwrap(), 0);
            }
            prop_assert_eq!(built.written, corpus.len());
            prop_assert_eq!(built.written + built.left_out, passwords.len() as u64);
        }
    }

    #[test]
    fn what_is_no_list_in_order_makes_no_file() {
        let digest = hex(&Sha1Digest::of("password"));
        let build = |text: &str| build(text.as_bytes(), 1, io::sink());
        assert_eq!(build("").unwrap(), Built { written: 0, left_out: 0 });
        for (text, line) in [("password", 1), (&*format!("{digest}:1\n{digest}"), 2), (&format!("{digest}:-1"), 1)] {
            assert!(matches!(build(text), Err(BuildError::Malformed(at)) if at == line), "{text}");
        }
        for unordered in [format!("{digest}:1\n{digest}:1"), format!("{digest}:1\n{}:1", "0".repeat(40))] {
            assert!(matches!(build(&unordered), Err(BuildError::Unordered(2))), "{unordered}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("stolen");
        assert!(matches!(Corpus::open(&path), Err(BreachError::File(_))));
        let whole = [MAGIC.as_slice(), &[0; RECORD]].concat();
        for (bytes, right) in [(&whole[..], true), (&whole[..20], false), (&whole[1..], false), (b"", false)] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Corpus::open(&path).is_ok(), right, "{bytes:?}");
        }
        std::fs::write(&path, b"covet breaches 2").unwrap();
        assert!(matches!(Corpus::open(&path), Err(BreachError::NoCorpus(_))));
    }
}
