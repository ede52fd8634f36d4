use super::{acme, later, other, start, store};
use crate::announcement::{Announcement, What, cause};
use crate::channel::{Channel, Health, Rules, Target};
use crate::dynamodb::{Store, keys};
use crate::error::Kind as ErrorKind;
use crate::ids::{ChannelId, ConnectionId};
use crate::notification::{Kind, Notification, Subject};

fn subject() -> Subject {
    Subject::Connection(ConnectionId::parse("con-1").unwrap())
}

fn begun(text: &str, seconds: i64) -> Notification {
    Notification::begin(&acme(), Kind::ConnectionLost, subject(), text.to_owned(), later(seconds)).unwrap()
}

async fn due(store: &Store, seconds: i64) -> Vec<Notification> {
    let mut due = Vec::new();
    for shard in keys::shards() {
        for (tenant, id, _) in store.due_notifications(shard, later(seconds), 10).await.unwrap() {
            due.extend(store.notifications_of(&tenant, &[id].into()).await.unwrap());
        }
    }
    due
}

#[tokio::test]
async fn a_notification_is_due_in_the_write_that_changes_it_until_channels_know() {
    let store = store().await;
    assert!(store.notify(&begun("first", 0)).await.unwrap());
    assert!(!store.notify(&begun("again", 1)).await.unwrap(), "while it lasts there is one");
    assert!(due(&store, 5).await.is_empty(), "it is given a moment to settle");
    let read = due(&store, 60).await.remove(0);
    assert_eq!((read.text.as_str(), read.times, read.version), ("first", 1, 1));

    // News while the channels are being told: it stays due.
    store.recovered(&acme(), Kind::ConnectionLost, &subject(), later(61)).await.unwrap();
    store.spread(&read).await.unwrap();
    let over = due(&store, 120).await.remove(0);
    assert_eq!((over.recovered_at, over.version), (Some(later(61)), 2));
    store.spread(&over).await.unwrap();
    assert!(due(&store, 1000).await.is_empty());

    assert!(store.notify(&begun("second", 200)).await.unwrap());
    assert!(store.notify_anew(&begun("third", 300)).await.unwrap());
    let anew = due(&store, 400).await.remove(0);
    assert_eq!((anew.text.as_str(), anew.times, anew.recovered_at), ("third", 3, None));
    let due_at = anew.due_at.unwrap();
    assert!(store.defer_notification(&acme(), &anew.id, due_at, later(900)).await.unwrap());
    assert!(due(&store, 400).await.is_empty());
    assert_eq!(due(&store, 901).await.len(), 1);
}

fn channel(id: &str) -> Channel {
    Channel {
        paused: false,
        tenant: acme(),
        id: ChannelId::parse(id).unwrap(),
        name: id.to_owned(),
        target: Target::Slack,
        host: "hooks.slack.com".to_owned(),
        rules: Rules::default(),
        health: Health::default(),
        old_secret_until: None,
        made_by: "tok-1".to_owned(),
        created_at: start(),
        updated_at: start(),
        version: 1,
    }
}

#[tokio::test]
async fn a_channel_is_made_once_changed_by_its_version_and_deleted() {
    let store = store().await;
    let it = channel("chn-1");
    assert!(store.put_new_channel(&it).await.unwrap());
    assert!(!store.put_new_channel(&it).await.unwrap());
    let rename = |name: &'static str| {
        move |channel: &mut Channel| {
            channel.name = format!("{} {name}", channel.name);
            Ok(())
        }
    };
    let (one, two) = (rename("a"), rename("b"));
    let tenant = acme();
    let (first, second) = tokio::join!(
        store.change_channel(&tenant, &it.id, &one),
        store.change_channel(&tenant, &it.id, &two)
    );
    first.unwrap();
    second.unwrap();
    let stored = store.channel(&acme(), &it.id).await.unwrap().unwrap();
    assert!(stored.name.contains(" a") && stored.name.contains(" b"), "{}", stored.name);
    assert_eq!(stored.version, 3);
    assert_eq!(store.channel(&other(), &it.id).await.unwrap(), None);
    store.delete_channel(&acme(), &it.id).await.unwrap();
    store.delete_channel(&acme(), &it.id).await.unwrap();
    let missing = store.change_channel(&acme(), &it.id, &rename("c")).await.unwrap_err();
    assert_eq!(*missing.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_announcement_is_claimed_by_one_and_news_reaches_it_meanwhile() {
    let store = store().await;
    let lost = begun("lost", 0);
    let new = |channel: &str| {
        Announcement::begin(acme(), ChannelId::parse(channel).unwrap(), cause(&lost, None)).unwrap()
    };
    let hear = |news: Notification| {
        move |known: &mut Announcement| known.hear(std::slice::from_ref(&news), later(10))
    };
    for channel in ["chn-1", "chn-12"] {
        store.change_announcement(&new(channel), &hear(lost.clone())).await.unwrap();
    }
    let mine = store.announcements(&acme(), &ChannelId::parse("chn-1").unwrap()).await.unwrap();
    assert_eq!(mine.len(), 1, "a channel's id may begin another's");
    let known = store.announcement(&acme(), &mine[0].id).await.unwrap().unwrap();
    let mut found = 0;
    for shard in keys::shards() {
        found += store.due_announcements(shard, later(10), 10).await.unwrap().len();
    }
    assert_eq!(found, 2);

    let message = known.message(What::Began, 1, Vec::new(), later(20));
    let (mut one, mut two) = (known.clone(), known);
    one.send(message.clone(), later(20));
    two.send(message, later(20));
    store.claim_announcement(&mut one).await.unwrap();
    let lost_race = store.claim_announcement(&mut two).await.unwrap_err();
    assert_eq!(*lost_race.kind(), ErrorKind::Conflict);
    store.change_announcement(&one, &hear(lost.over(later(21)))).await.unwrap();
    let told = store.change_announcement(&one, &|known| known.taken(later(22))).await.unwrap();
    assert_eq!((told.lasting(), told.number, told.due_at), (0, 1, Some(later(22))));

    let [ended, stays] = ["chn-1", "chn-12"].map(|id| ChannelId::parse(id).unwrap());
    store.delete_channel(&acme(), &ended).await.unwrap();
    assert_eq!(store.announcements(&acme(), &ended).await.unwrap(), []);
    assert_eq!(store.announcements(&acme(), &stays).await.unwrap().len(), 1);
}
