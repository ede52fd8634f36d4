//! Signatures, by which anybody can tell that a record is as it was made: Ed25519 (RFC 8032).

use data_encoding::BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::random::Random;
use crate::secret::Secret;
use crate::{Error, Result};

/// How long a seed is, in bytes. Source: RFC 8032, section 5.1.5.
const SEED: usize = 32;

/// A key that signs. It is never shown.
pub struct SigningKey(Ed25519KeyPair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("SigningKey").field(&self.public_key()).finish()
    }
}

impl SigningKey {
    /// A new seed, in base 64, from which [`Self::from_seed`] makes a key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new_seed(random: &dyn Random) -> Result<Secret> {
        let mut seed = zeroize::Zeroizing::new([0; SEED]);
        random.fill(seed.as_mut())?;
        Ok(Secret::new(BASE64.encode(seed.as_ref())))
    }

    /// The key of a seed.
    ///
    /// # Errors
    /// `Internal` when the seed is none of [`Self::new_seed`]. The cause is left out, since it would tell of the seed.
    pub fn from_seed(seed: &Secret) -> Result<Self> {
        let bad = || Error::internal("the secret of the signing key is not as Assay writes it");
        let seed = zeroize::Zeroizing::new(BASE64.decode(seed.expose().as_bytes()).map_err(|_| bad())?);
        Ed25519KeyPair::from_seed_unchecked(&seed).map(Self).map_err(|_| bad())
    }

    /// The public half, in base 64.
    pub fn public_key(&self) -> String {
        BASE64.encode(self.0.public_key().as_ref())
    }

    /// The signature of a message, in base 64.
    pub fn sign(&self, message: &[u8]) -> String {
        BASE64.encode(self.0.sign(message).as_ref())
    }
}

/// Whether `signature` is the one that the key with the public half `public_key` makes of `message`.
pub fn verifies(public_key: &str, message: &[u8], signature: &str) -> bool {
    let (Ok(public_key), Ok(signature)) =
        (BASE64.decode(public_key.as_bytes()), BASE64.decode(signature.as_bytes()))
    else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, public_key).verify(message, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{SigningKey, verifies};
    use crate::random::CountingRandom;
    use crate::secret::Secret;

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let random = CountingRandom::default();
        let seed = SigningKey::new_seed(&random).unwrap();
        let key = SigningKey::from_seed(&seed).unwrap();
        let other = SigningKey::from_seed(&SigningKey::new_seed(&random).unwrap()).unwrap();
        let signature = key.sign(b"kept");
        assert!(verifies(&key.public_key(), b"kept", &signature));
        assert!(!verifies(&key.public_key(), b"kepu", &signature));
        assert!(!verifies(&other.public_key(), b"kept", &signature));
        assert!(!verifies("", b"kept", &signature) && !verifies(&key.public_key(), b"kept", "?"));
        assert!(!format!("{key:?}").contains(seed.expose()));
        assert!(SigningKey::from_seed(&Secret::new("short")).is_err());
    }

    #[test]
    fn keys_and_signatures_are_those_of_the_standard() {
        // RFC 8032, section 7.1, test 1: the empty message.
        let seed = data_encoding::HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap();
        let key = SigningKey::from_seed(&Secret::new(data_encoding::BASE64.encode(&seed))).unwrap();
        let hex = |text: String| {
            data_encoding::HEXLOWER.encode(&data_encoding::BASE64.decode(text.as_bytes()).unwrap())
        };
        assert_eq!(hex(key.public_key()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert!(hex(key.sign(b"")).starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065"));
    }
}
