//! The keys of channels and announcements.

use super::{Items, Key};
use crate::ids::{AnnouncementId, ChannelId, TenantId};

/// The channels of a tenant.
pub(in crate::dynamodb) fn channels(tenant: &TenantId) -> Items {
    Items::of(tenant, "channel", "channel#")
}

/// A channel.
pub(in crate::dynamodb) fn channel(tenant: &TenantId, id: &ChannelId) -> Key {
    channels(tenant).item(id.as_str())
}

/// The announcements of a channel.
pub(in crate::dynamodb) fn announcements(tenant: &TenantId, channel: &ChannelId) -> Items {
    Items::of(tenant, "announcement", format!("announcement#{channel}."))
}

/// An announcement.
pub(in crate::dynamodb) fn announcement(tenant: &TenantId, id: &AnnouncementId) -> Key {
    Items::of(tenant, "announcement", "announcement#").item(id.as_str())
}
