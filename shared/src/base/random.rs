//! Randomness is injected, so that a test can foresee it.

/// A source of random bytes, fit for secrets.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    fn fill(&self, bytes: &mut [u8]) -> crate::Result<()>;
}

/// The operating system's randomness. Made in `main` only.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> crate::Result<()> {
        getrandom::fill(bytes)
            .map_err(|cause| crate::Error::internal("read the system's randomness").because(cause))
    }
}

/// Counts upwards: every draw differs, and every run of a test draws the same.
#[derive(Debug, Default)]
pub struct CountingRandom(std::sync::atomic::AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) -> crate::Result<()> {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_be_bytes();
            chunk.copy_from_slice(&next[8 - chunk.len()..]);
        }
        Ok(())
    }
}

/// `length` random bytes as lower-case base 32, for identifiers and tokens.
///
/// # Errors
/// When there is no randomness.
pub fn text(random: &dyn Random, length: usize) -> crate::Result<String> {
    let mut bytes = vec![0; length];
    random.fill(&mut bytes)?;
    Ok(data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// A number from 0 (included) to 1 (excluded), for the jitter of waits.
///
/// # Errors
/// When there is no randomness.
pub fn fraction(random: &dyn Random) -> crate::Result<f64> {
    let mut bytes = [0; 4];
    random.fill(&mut bytes)?;
    Ok(f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
}
