use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Announcement, Heard, MOST_MEMBERS, Next, TRIED_FOR, What, cause};
use crate::channel::Rules;
use crate::clock::after;
use crate::ids::{ActionId, CampaignId, ChannelId, ConnectionId, SettingId, TenantId, TicketId};
use crate::notification::{Kind, Notification, Subject};

fn at(minutes: i64) -> Timestamp {
    after("2026-06-15T12:00:00Z".parse().unwrap(), minutes * 60)
}

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn lost(now: Timestamp) -> Notification {
    let subject = Subject::Connection(ConnectionId::parse("con-1").unwrap());
    Notification::begin(&tenant(), Kind::ConnectionLost, subject, "it is lost".to_owned(), now).unwrap()
}

fn stuck(number: usize, now: Timestamp) -> Notification {
    let subject = Subject::Ticket(TicketId::parse(&format!("tic-{number}")).unwrap());
    Notification::begin(&tenant(), Kind::TicketStuck, subject, format!("ticket {number}"), now).unwrap()
}

fn again(over: &Notification, now: Timestamp) -> Notification {
    over.again(&Notification { began_at: now, recovered_at: None, ..over.clone() })
}

fn told_of(first: &Notification) -> Announcement {
    let channel = ChannelId::parse("chn-1").unwrap();
    Announcement::begin(tenant(), channel, cause(first, None)).unwrap()
}

/// Says what is to be said at `now`, and gives the message; the other side takes it.
fn say(known: &mut Announcement, rules: &Rules, now: Timestamp) -> super::Message {
    let Next::Say(what) = known.next(rules, now) else { panic!("{:?}", known.next(rules, now)) };
    let message = known.message(what, known.told_of(what).len() as u64, Vec::new(), now);
    known.send(message.clone(), now);
    known.taken(now);
    message
}

#[test]
fn a_cause_is_told_once_and_once_that_it_is_over() {
    let (rules, begun) = (Rules::default(), lost(at(0)));
    let mut known = told_of(&begun);
    assert_eq!(known.next(&rules, at(0)), Next::Rest);
    known.hear(std::slice::from_ref(&begun), at(0));
    assert_eq!(known.due_at, Some(at(0)));
    assert_eq!(say(&mut known, &rules, at(1)).what, What::Began);
    assert_eq!(known.next(&rules, at(500)), Next::Rest);
    known.hear(std::slice::from_ref(&begun), at(500));
    assert_eq!(known.next(&rules, at(500)), Next::Rest, "the same news again is no news");
    known.hear(&[begun.over(at(600))], at(600));
    assert_eq!(say(&mut known, &rules, at(600)).what, What::Over);
    assert_eq!(known.next(&rules, at(601)), Next::Rest);
    assert_eq!(known.number, 2);
}

#[test]
fn that_it_is_over_is_not_said_where_the_rules_do_not_want_it() {
    let (rules, begun) = (Rules { recovered: false, ..Rules::default() }, lost(at(0)));
    let mut known = told_of(&begun);
    known.hear(std::slice::from_ref(&begun), at(0));
    say(&mut known, &rules, at(0));
    known.hear(&[begun.over(at(5))], at(5));
    assert_eq!(known.next(&rules, at(5)), Next::Forget);
    known.forget();
    assert_eq!(known.next(&rules, at(5)), Next::Rest);
}

#[test]
fn what_begins_again_in_the_quiet_time_is_counted_and_told_when_it_lasts_longer() {
    let (rules, begun) = (Rules::default(), lost(at(0)));
    let mut known = told_of(&begun);
    known.hear(std::slice::from_ref(&begun), at(0));
    say(&mut known, &rules, at(0));
    let mut now = begun.over(at(10));
    known.hear(std::slice::from_ref(&now), at(10));
    assert_eq!(say(&mut known, &rules, at(10)).what, What::Over);
    for minute in [20, 30] {
        now = again(&now, at(minute));
        known.hear(std::slice::from_ref(&now), at(minute));
        assert_eq!(known.next(&rules, at(minute)), Next::At(at(60)), "quiet after the message at 0");
        now = now.over(at(minute + 5));
        known.hear(std::slice::from_ref(&now), at(minute + 5));
        assert_eq!(known.next(&rules, at(minute + 5)), Next::Forget);
        known.forget();
    }
    now = again(&now, at(50));
    known.hear(std::slice::from_ref(&now), at(50));
    assert_eq!(known.next(&rules, at(59)), Next::At(at(60)));
    let message = say(&mut known, &rules, at(60));
    assert_eq!((message.what, message.again), (What::Began, 3));
    known.hear(&[now.over(at(70))], at(70));
    assert_eq!(say(&mut known, &rules, at(70)).what, What::Over);
}

#[test]
fn what_began_and_ended_while_nobody_could_be_told_is_one_message() {
    let (rules, begun) = (Rules::default(), lost(at(0)));
    let mut known = told_of(&begun);
    known.hear(std::slice::from_ref(&begun), at(0));
    let first = known.message(What::Began, 1, Vec::new(), at(0));
    known.send(first.clone(), at(0));
    known.refused(at(1));
    known.send(first, at(1));
    assert_eq!(known.number, 1, "the same message keeps its number");
    known.refused(at(3));
    known.hear(&[begun.over(at(2))], at(2));
    assert_eq!(known.due_at, Some(at(3)), "news does not hurry a receiver that is down");
    assert_eq!(say(&mut known, &rules, at(3)).what, What::Passed);
    assert_eq!((known.number, known.next(&rules, at(4))), (2, Next::Rest));
}

#[test]
fn a_message_in_doubt_is_what_the_channel_heard_once_it_is_taken() {
    let (rules, begun) = (Rules::default(), lost(at(0)));
    let mut known = told_of(&begun);
    known.hear(std::slice::from_ref(&begun), at(0));
    known.send(known.message(What::Began, 1, Vec::new(), at(0)), at(0));
    known.unsure(at(1));
    known.hear(&[begun.over(at(1))], at(1));
    known.send_again(at(1));
    assert_eq!(known.sending.as_ref().unwrap().message.what, What::Began, "the very same message");
    known.taken(at(1));
    assert_eq!(known.next(&rules, at(1)), Next::Say(What::Over));
}

#[test]
fn many_tickets_are_one_message_and_further_ones_another_after_the_quiet_time() {
    let rules = Rules::default();
    let tickets: Vec<Notification> = (0..50).map(|number| stuck(number, at(0))).collect();
    let mut known = told_of(&tickets[0]);
    known.hear(&tickets[..20], at(0));
    known.hear(&tickets[20..], at(1));
    assert_eq!(known.due_at, Some(at(2)), "more is waited for, but not for ever");
    let message = say(&mut known, &rules, at(2));
    assert_eq!((message.count, message.title.as_str()), (50, "50 tickets are stuck"));
    let over: Vec<Notification> = tickets.iter().take(49).map(|ticket| ticket.over(at(10))).collect();
    known.hear(&over, at(10));
    assert_eq!(known.next(&rules, at(10)), Next::Rest, "one is still stuck");
    known.hear(&[stuck(50, at(20))], at(20));
    assert_eq!(known.next(&rules, at(20)), Next::At(at(62)));
    let message = say(&mut known, &rules, at(62));
    assert_eq!((message.count, message.again), (2, 0));
    assert_eq!(known.told_of(What::Began).len(), 2);
    known.hear(&[tickets[49].over(at(70)), stuck(50, at(20)).over(at(70))], at(70));
    assert_eq!(say(&mut known, &rules, at(70)).title, "2 tickets are not stuck any more");
}

#[test]
fn fewer_than_the_rules_ask_for_are_not_told_of() {
    let rules = Rules { at_least: 3, ..Rules::default() };
    let tickets: Vec<Notification> = (0..3).map(|number| stuck(number, at(0))).collect();
    let mut known = told_of(&tickets[0]);
    known.hear(&tickets[..2], at(0));
    assert_eq!(known.next(&rules, at(5)), Next::Rest);
    known.hear(&[tickets[0].over(at(6)), tickets[1].over(at(6))], at(6));
    assert_eq!(known.next(&rules, at(6)), Next::Forget);
    known.forget();
    let once_more: Vec<Notification> =
        tickets[..2].iter().map(|it| again(&it.over(at(6)), at(7))).chain([tickets[2].clone()]).collect();
    known.hear(&once_more, at(7));
    assert_eq!(say(&mut known, &rules, at(9)).count, 3);
}

#[test]
fn a_reminder_that_begins_anew_is_told_though_the_one_before_lasts() {
    let (rules, begun) = (Rules::default(), lost(at(0)));
    let mut known = told_of(&begun);
    known.hear(std::slice::from_ref(&begun), at(0));
    say(&mut known, &rules, at(0));
    known.hear(&[again(&begun, at(200))], at(200));
    assert_eq!(say(&mut known, &rules, at(200)).what, What::Began);
}

#[test]
fn after_a_day_a_message_is_given_up_and_not_told_later() {
    let (rules, begun) = (Rules::default(), lost(at(0)));
    let mut known = told_of(&begun);
    known.hear(std::slice::from_ref(&begun), at(0));
    known.wait(at(10), at(0));
    assert!(!known.is_too_old(after(at(0), TRIED_FOR - 1)) && known.is_too_old(after(at(0), TRIED_FOR)));
    known.give_up(after(at(0), TRIED_FOR));
    assert_eq!((known.next(&rules, after(at(0), TRIED_FOR)), known.due_at), (Next::Rest, None));
}

#[test]
fn what_is_over_and_told_is_forgotten_after_a_day_and_the_record_stays_small() {
    let (rules, begun) = (Rules::default(), stuck(0, at(0)));
    let mut known = told_of(&begun);
    let many: Vec<Notification> = (0..MOST_MEMBERS + 10).map(|number| stuck(number, at(0))).collect();
    known.hear(&many, at(0));
    assert_eq!(known.members.len(), MOST_MEMBERS);
    say(&mut known, &rules, at(2));
    let stored = serde_json::to_vec(&known).unwrap().len();
    assert!(stored < 300_000, "{stored} bytes");
    let over: Vec<Notification> = many.iter().map(|it| it.over(at(10))).collect();
    known.hear(&over, at(10));
    say(&mut known, &rules, at(12));
    assert!(known.members.values().all(|member| member.heard == Heard::Over(1)));
    known.rest(None, at(10 + 24 * 60));
    assert!(known.members.is_empty());
}

#[test]
fn tickets_are_told_of_by_setting_single_approvals_by_tenant_and_all_else_by_itself() {
    let setting = Subject::SyncSetting(SettingId::parse("set-1").unwrap());
    let ticket = stuck(1, at(0));
    assert_eq!(cause(&ticket, Some(setting.clone())), (Kind::TicketStuck, Some(setting)));
    let begin = |subject: Subject| {
        Notification::begin(&tenant(), Kind::ApprovalNeeded, subject, String::new(), at(0)).unwrap()
    };
    let action = begin(Subject::Action(ActionId::parse("act-1").unwrap()));
    assert_eq!(cause(&action, None), (Kind::ApprovalNeeded, None));
    let campaign = Subject::Campaign(CampaignId::parse("cmp-1").unwrap());
    assert_eq!(cause(&begin(campaign.clone()), None), (Kind::ApprovalNeeded, Some(campaign)));
    let ids: BTreeSet<_> = [told_of(&ticket), told_of(&lost(at(0))), told_of(&action)]
        .into_iter()
        .map(|known| known.id.to_string())
        .collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| id.starts_with("chn-1.")), "{ids:?}");
}
