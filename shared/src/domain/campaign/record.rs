//! The record of a closed campaign, and how anybody can tell that nothing in it was changed.
//!
//! Every item, in the order in which items stand, is written as canonical JSON: members sorted by name, no space, what is
//! not set as null. A chain of digests goes through them: it begins with 64 zeros, and each item's is
//! `SHA-256(digest before + "\n" + canonical JSON)`, hexadecimal. The last one, the head, stands in the record with the
//! counts; the record's own canonical JSON is signed by Ed25519 with the tenant's key. So one changed byte in one item
//! changes the head, and one in the record breaks the signature.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::closing::{Closing, Counts};
use super::item::{CarriedOut, Item};
use super::scope::Scope;
use super::{Campaign, Choice};
use crate::evidence::Gap;
use crate::ids::{CampaignId, ConnectionId, TenantId, TokenId, digest};
use crate::signing::{SigningKey, verifies};
use crate::{Error, Result};

/// The digest before the first item's.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What every record says of itself, so that a signature can be taken for nothing else.
const KIND: &str = "assay access review 1";

/// Fields of an item that are ours alone and no part of what is digested.
const OURS: [&str; 2] = ["version", "sealed"];

/// The digest of the items so far.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Chain(String);

impl Default for Chain {
    fn default() -> Self {
        Self(BEGINNING.to_owned())
    }
}

impl Chain {
    /// Goes on with the next item.
    pub fn add(&mut self, item: &Value) {
        let mut text = std::mem::take(&mut self.0);
        text.push('\n');
        write_canonical(item, &mut text);
        self.0 = digest(text.as_bytes());
    }

    /// The digest of the last item.
    pub fn head(&self) -> &str {
        &self.0
    }
}

impl Item {
    /// What of it is digested, and exported.
    ///
    /// # Errors
    /// `Internal`, never in practice: when it cannot be written as JSON.
    pub fn digested(&self) -> Result<Value> {
        let mut value = to_value(self)?;
        if let Some(members) = value.as_object_mut() {
            for field in OURS {
                members.remove(field);
            }
        }
        Ok(value)
    }
}

/// What a campaign says once it is closed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What this is.
    pub kind: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// The campaign.
    pub campaign: CampaignId,
    /// What it was called.
    pub name: String,
    /// The connection whose accounts were reviewed.
    pub connection: ConnectionId,
    /// Which access was reviewed.
    pub scope: Scope,
    /// The API tokens whose holders decided; empty where everybody with the role might.
    pub reviewers: Vec<TokenId>,
    /// Who made it.
    pub made_by: String,
    /// When.
    #[schema(value_type = String)]
    pub made_at: Timestamp,
    /// When the accounts that it is about were put together.
    #[schema(value_type = Option<String>)]
    pub directory_of: Option<Timestamp>,
    /// Who closed it.
    pub closed_by: String,
    /// When.
    #[schema(value_type = String)]
    pub closed_at: Timestamp,
    /// What was decided, counted item by item.
    pub counts: Counts,
    /// Why the items may not be all that there should be; empty when they are.
    pub gaps: Vec<Gap>,
    /// Whether it is complete: made on a whole directory, everything decided, every revocation and change carried out.
    pub complete: bool,
    /// The digest of the last item: see the module's documentation.
    pub head: String,
}

/// A record, and the signature of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedRecord {
    /// The record.
    pub record: Record,
    /// The public half of the tenant's key, in base 64.
    pub public_key: String,
    /// The Ed25519 signature of the record's canonical JSON, in base 64.
    pub signature: String,
}

impl Record {
    /// The record of a campaign whose items were all sealed.
    pub fn of(campaign: &Campaign, closing: &Closing) -> Self {
        let counts = closing.counts.clone();
        let complete = campaign.gaps.is_empty()
            && counts.items > 0
            && counts.undecided == 0
            && counts.carried_out == counts.revoked + counts.changed;
        Self {
            kind: KIND.to_owned(),
            tenant: campaign.tenant.clone(),
            campaign: campaign.id.clone(),
            name: campaign.name.clone(),
            connection: campaign.connection.clone(),
            scope: campaign.scope.clone(),
            reviewers: campaign.reviewers.clone(),
            made_by: campaign.made_by.clone(),
            made_at: campaign.made_at,
            directory_of: campaign.directory_of,
            closed_by: closing.by.clone(),
            closed_at: closing.at,
            counts,
            gaps: campaign.gaps.clone(),
            complete,
            head: closing.chain.head().to_owned(),
        }
    }

    /// Signs it.
    ///
    /// # Errors
    /// `Internal`, never in practice: when it cannot be written as JSON.
    pub fn sign(self, key: &SigningKey) -> Result<SignedRecord> {
        let signature = key.sign(canonical(&to_value(&self)?).as_bytes());
        Ok(SignedRecord { record: self, public_key: key.public_key(), signature })
    }
}

/// Why a record is not to be trusted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Broken {
    /// It was signed by another key than the one that is trusted.
    OtherKey,
    /// The signature is not one of this record.
    Signature,
    /// There are more or fewer items than it says, or others decided on.
    Counts {
        /// What the items come to.
        found: Box<Counts>,
    },
    /// An item was changed, or they stand in another order.
    Items,
}

/// Whether a record and its items, as [`Item::digested`] gives them, are as they were signed by the key that is trusted.
///
/// # Errors
/// What does not fit.
pub fn verify(
    signed: &SignedRecord,
    trusted_key: &str,
    items: impl IntoIterator<Item = Value>,
) -> Result<(), Broken> {
    if signed.public_key != trusted_key {
        return Err(Broken::OtherKey);
    }
    let record = serde_json::to_value(&signed.record).map_err(|_| Broken::Signature)?;
    if signed.record.kind != KIND || !verifies(trusted_key, canonical(&record).as_bytes(), &signed.signature)
    {
        return Err(Broken::Signature);
    }
    let (mut chain, mut counts) = (Chain::default(), Counts::default());
    for item in items {
        let counted = Counted::deserialize(&item).map_err(|_| Broken::Items)?;
        counts.count(counted.choice, counted.carried_out);
        chain.add(&item);
    }
    if signed.record.counts != counts {
        return Err(Broken::Counts { found: Box::new(counts) });
    }
    if chain.head() != signed.record.head {
        return Err(Broken::Items);
    }
    Ok(())
}

/// What of an exported item is counted.
#[derive(Deserialize)]
struct Counted {
    choice: Choice,
    carried_out: Option<CarriedOut>,
}

fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|cause| Error::internal("could not write a record as JSON").because(cause))
}

/// A value as canonical JSON. It holds no fractions, which alone could be written in two ways.
fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            text.push('{');
            for (place, name) in names.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(&members[name], text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
