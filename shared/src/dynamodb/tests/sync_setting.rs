use super::{acme, other, store};
use crate::check::CheckId;
use crate::error::Kind;
use crate::plan::tests_support::setting;
use crate::sync_setting::{Scope, SyncSetting};

#[tokio::test]
async fn a_setting_is_made_saved_by_version_and_deleted() {
    let store = store().await;
    let mut it = SyncSetting { version: 0, ..setting(Scope::Check(CheckId::B2)) };
    store.put_new_setting(&it).await.unwrap();
    let twin = SyncSetting { enabled: false, ..it.clone() };
    assert_eq!(store.put_new_setting(&twin).await.unwrap_err().kind(), &Kind::Conflict);
    let mut stale = it.clone();
    it.labels.push("compliance".to_owned());
    store.save_setting(&mut it).await.unwrap();
    assert_eq!(store.setting(&acme(), &it.id).await.unwrap(), Some(it.clone()));
    assert_eq!(store.save_setting(&mut stale).await.unwrap_err().kind(), &Kind::Conflict);

    let all = setting(Scope::All);
    store.put_new_setting(&all).await.unwrap();
    assert_eq!(store.settings(&acme()).await.unwrap(), vec![all, it.clone()]);
    assert_eq!(store.settings(&other()).await.unwrap(), vec![]);

    assert!(!store.delete_setting(&other(), &it.id).await.unwrap());
    assert!(store.delete_setting(&acme(), &it.id).await.unwrap());
    assert!(!store.delete_setting(&acme(), &it.id).await.unwrap());
    assert_eq!(store.setting(&acme(), &it.id).await.unwrap(), None);
}
