use super::{acme, connection_id, later, other, start, store};
use crate::dynamodb::item::number_beside;
use crate::dynamodb::keys;
use crate::quota::hour_of;

#[tokio::test]
async fn points_add_up_by_connection_and_hour() {
    let store = store().await;
    let (one, two) = (connection_id("con-1"), connection_id("con-2"));
    store.add_points(&acme(), &one, hour_of(start()), 40).await.unwrap();
    store.add_points(&acme(), &one, later(1800), 2).await.unwrap();
    store.add_points(&acme(), &one, later(3600), 7).await.unwrap();
    store.add_points(&acme(), &two, start(), 5).await.unwrap();
    let quota = store.quota(&acme(), &one, later(10)).await.unwrap();
    assert_eq!((quota.spent, quota.hour, quota.paused_until), (42, hour_of(start()), None));
    assert_eq!(store.quota(&acme(), &one, later(3610)).await.unwrap().spent, 7);
    assert_eq!(store.quota(&acme(), &two, later(10)).await.unwrap().spent, 5);
    assert_eq!(store.quota(&other(), &one, later(10)).await.unwrap().spent, 0);
    let kept = store.get_item(&keys::quota_hour(&acme(), &one, hour_of(start()))).await.unwrap().unwrap();
    let expires: i64 = number_beside(&kept, keys::EXPIRES_AT).unwrap();
    assert_eq!(expires, hour_of(start()).as_second() + 48 * 3600);
}

#[tokio::test]
async fn a_pause_outlasts_the_hour_and_is_never_made_shorter() {
    let store = store().await;
    let one = connection_id("con-1");
    store.pause(&acme(), &one, later(4000)).await.unwrap();
    store.pause(&acme(), &one, later(30)).await.unwrap();
    store.add_points(&acme(), &one, later(3700), 3).await.unwrap();
    let paused = store.quota(&acme(), &one, later(3700)).await.unwrap();
    assert_eq!((paused.paused_until, paused.spent), (Some(later(4000)), 3));
    assert_eq!(store.quota(&acme(), &one, later(4000)).await.unwrap().paused_until, None, "it is over");
    store.pause(&acme(), &one, later(5000)).await.unwrap();
    assert_eq!(store.quota(&acme(), &one, later(4001)).await.unwrap().paused_until, Some(later(5000)));
}
