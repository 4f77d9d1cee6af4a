use proptest::prelude::*;

use super::*;

const A: &str = "2020158";
const B: &str = "2020159";

fn at(second: i64) -> i64 {
    1_700_000_000_000_000 + second * super::super::times::SECOND
}

fn told(agent: &str, second: i64) -> Report {
    Report { agent: Some(agent.to_owned()), at: at(second), is_dated: true, ..Report::default() }
}

fn ring(agent: &str, second: i64) -> Report {
    Report { direction: Some(Direction::In), caller: Some("13900112233".to_owned()), ..told(agent, second) }
}

fn transfer(agent: &str, to: &str, second: i64) -> Report {
    Report { to: Some(to.to_owned()), to_agent: Some(to.to_owned()), ..told(agent, second) }
}

fn of(reports: &[(Kind, Report)]) -> Call {
    let mut call = Call::new("c1");
    for (kind, report) in reports {
        call.take(*kind, report);
    }
    call
}

#[test]
fn a_call_is_rung_answered_held_and_ended() {
    let mut call = Call::new("c1");
    assert_eq!(call.take(Kind::Ringing, &ring(A, 0)), Happened::Changed);
    assert_eq!((call.state(), call.number()), (CallState::Ringing, Some("13900112233")));
    assert_eq!(call.take(Kind::Answered, &told(A, 5)), Happened::Changed);
    assert_eq!(call.state(), CallState::Talking);
    call.take(Kind::Held, &told(A, 10));
    assert_eq!(call.state(), CallState::Held);
    assert_eq!(call.take(Kind::Resumed, &told(A, 20)), Happened::Changed);
    assert_eq!(call.take(Kind::Held, &told(A, 10)), Happened::Nothing, "it was told before");
    assert_eq!(call.take(Kind::Ended, &told(A, 65)), Happened::Changed);
    assert_eq!((call.state(), call.talked(), call.outcome().as_str()), (CallState::Ended, 60, "已接通"));
}

#[test]
fn the_same_report_again_changes_nothing() {
    let reports = [
        (Kind::Ringing, ring(A, 0)),
        (Kind::Answered, told(A, 5)),
        (Kind::Transferred, transfer(A, B, 30)),
        (Kind::Answered, told(B, 35)),
        (Kind::Ended, told(A, 36)),
        (Kind::Ended, told(B, 95)),
    ];
    let mut call = Call::new("c1");
    for (nth, (kind, report)) in reports.iter().enumerate() {
        call.take(*kind, report);
        for (kind, report) in reports.iter().take(nth + 1) {
            assert_eq!(call.take(*kind, report), Happened::Nothing, "{kind:?} after {nth}");
        }
    }
    assert_eq!((call.legs.len(), call.talked()), (2, 25 + 60));
}

#[test]
fn a_transfer_does_not_end_the_call() {
    let call = of(&[
        (Kind::Ringing, ring(A, 0)),
        (Kind::Answered, told(A, 5)),
        (Kind::Transferred, transfer(A, B, 30)),
        (Kind::Ended, told(A, 31)),
    ]);
    assert_eq!((call.state(), call.ended_at), (CallState::Ringing, None));
    assert_eq!(call.leg(A).unwrap().end, Some(LegEnd::Transferred));
    assert_eq!(call.leg(B).unwrap().state(), CallState::Ringing);
}

#[test]
fn a_transfer_to_somebody_outside_ends_with_the_call() {
    let outside = Report { to: Some("02188886666".to_owned()), ..told(A, 30) };
    let mut call = of(&[
        (Kind::Ringing, ring(A, 0)),
        (Kind::Answered, told(A, 5)),
        (Kind::Transferred, outside),
        (Kind::Ended, told(A, 31)),
    ]);
    assert_eq!(call.state(), CallState::Talking);
    call.take(Kind::Ended, &Report { agent: None, ..told("", 90) });
    assert_eq!(call.ended_at, Some(at(90)));
}

#[test]
fn a_queue_that_rings_at_another_goes_on() {
    let mut call = of(&[(Kind::Ringing, ring(A, 0)), (Kind::Ended, told(A, 15))]);
    assert!(call.is_missed());
    assert_eq!(call.take(Kind::Ringing, &ring(B, 16)), Happened::Changed);
    assert_eq!((call.state(), call.is_missed()), (CallState::Ringing, false));
    assert_eq!(call.leg(A).unwrap().end, Some(LegEnd::Missed));
    assert_eq!(call.take(Kind::Ringing, &ring(A, 40)), Happened::Changed, "and again at the first");
    call.take(Kind::Answered, &told(A, 42));
    assert_eq!(call.leg(B).unwrap().end, Some(LegEnd::Elsewhere));
    assert_eq!(call.legs.len(), 3);
}

#[test]
fn where_it_rings_at_several_the_first_who_answers_has_it() {
    let call = of(&[(Kind::Ringing, ring(A, 0)), (Kind::Ringing, ring(B, 0)), (Kind::Answered, told(B, 4))]);
    assert_eq!(call.leg(A).unwrap().end, Some(LegEnd::Elsewhere));
    assert_eq!(call.state(), CallState::Talking);
}

#[test]
fn an_outgoing_call_that_nobody_answers_is_known() {
    let out = Report { direction: Some(Direction::Out), callee: Some("13900112233".to_owned()), ..told(A, 0) };
    let call = of(&[(Kind::Ringing, out), (Kind::Ended, told(A, 20))]);
    assert_eq!((call.outcome().as_str(), call.is_missed(), call.number()), ("无人接听", false, Some("13900112233")));
}

#[test]
fn what_nobody_tells_the_end_of_ends_all_the_same() {
    let mut call = of(&[(Kind::Ringing, ring(A, 0)), (Kind::Answered, told(A, 5))]);
    call.lose(A, at(4000));
    assert_eq!((call.state(), call.leg(A).unwrap().end), (CallState::Ended, Some(LegEnd::Lost)));
}

type Summary = (Option<i64>, bool, i64, Option<String>, Vec<(String, Option<i64>, Option<i64>)>);

fn summary(call: &Call) -> Summary {
    let mut legs: Vec<_> = call.legs.iter().map(|leg| (leg.agent.clone(), leg.answered_at, leg.ended_at)).collect();
    legs.sort();
    (call.ended_at, call.was_answered(), call.started_at, call.caller.clone(), legs)
}

proptest! {
    #[test]
    fn in_any_order_it_is_the_same_call(order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(), again in 0..4_usize) {
        let reports = [
            (Kind::Ringing, ring(A, 0)),
            (Kind::Answered, told(A, 5)),
            (Kind::Held, told(A, 10)),
            (Kind::Ended, told(A, 65)),
        ];
        let expected = of(&reports);
        let mut shuffled: Vec<_> = order.iter().map(|nth| reports[*nth].clone()).collect();
        shuffled.push(reports[again].clone());
        prop_assert_eq!(summary(&of(&shuffled)), summary(&expected));
    }

    #[test]
    fn whatever_is_told_no_leg_is_open_in_a_call_that_has_ended(
        told_of in proptest::collection::vec((0..6_usize, 0..2_usize, 0..100_i64, any::<bool>()), 0..30)
    ) {
        let mut call = Call::new("c1");
        for (kind, who, second, is_dated) in told_of {
            let agent = [A, B][who];
            let other = [B, A][who];
            let report = Report { is_dated, ..transfer(agent, other, second) };
            call.take(Kind::ALL[kind], &report);
            prop_assert!(call.ended_at.is_none() || call.legs.iter().all(|leg| !leg.is_open()));
        }
        call.end(at(1000), LegEnd::Lost);
        prop_assert_eq!(call.state(), CallState::Ended);
    }
}
