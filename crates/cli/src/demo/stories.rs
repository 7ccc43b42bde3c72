//! The dossiers of the demonstration, one a row; the tables keep their form.

use motcua_procedures::Channel;

use super::days::Start;
use super::filing::{Filing, Kind};
use super::people::{BINH_LIEU, CO_TO, HONG_GAI, Office, PROVINCE};
use super::turns::Turn::{self, *};
use Channel::{Counter, Online, Post};
use Kind::{Birth, Business, Marriage};
use Start::{Ago, Day};

/// The life of a dossier so far.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// Number, from 0; the same for ever.
    pub(super) number: usize,
    /// What is filed.
    pub(super) filing: Filing,
    /// When it begins.
    pub(super) start: Start,
    /// Minutes between two turns.
    pub(super) gap: u32,
    /// What happens.
    pub(super) turns: &'static [Turn],
}

type Row = (Kind, Channel, Office, Start, u32, &'static [Turn]);

/// Filed a moment ago, waiting for the applicant: relative to now.
#[rustfmt::skip]
const RECENT: &[Row] = &[
    (Birth, Online, HONG_GAI, Ago(55), 5, &[Submit]),
    (Birth, Online, HONG_GAI, Ago(12), 5, &[Submit]),
    (Birth, Online, CO_TO, Ago(31), 5, &[Submit]),
    (Marriage, Online, HONG_GAI, Ago(40), 5, &[Submit]),
    (Birth, Online, HONG_GAI, Ago(95), 10, &[Submit, Review, Accept, TakeOver, Draft]),
    (Birth, Online, BINH_LIEU, Ago(80), 9, &[Submit, Review, Accept, TakeOver, Draft]),
];

#[rustfmt::skip]
const BIRTHS: &[Row] = &[
    (Birth, Online, HONG_GAI, Day(1, 60), 25, &[Submit, Review]),
    (Birth, Counter, HONG_GAI, Day(1, 200), 15, &[Submit, Review]),
    (Birth, Counter, HONG_GAI, Day(4, 30), 20, &[Submit, Doubt, AskSupplement]),
    (Birth, Counter, CO_TO, Day(5, 30), 20, &[Submit, Doubt, AskSupplement, Wait(700), Supplement]),
    (Birth, Counter, HONG_GAI, Day(1, 385), 12, &[Submit, Review, Accept]),
    (Birth, Counter, HONG_GAI, Day(1, 390), 14, &[Submit, Review, Accept, TakeOver]),
    (Birth, Counter, HONG_GAI, Day(1, 380), 15, &[Submit, Review, Accept, TakeOver, Claim]),
    (Birth, Counter, HONG_GAI, Day(1, 375), 15, &[Submit, Review, Accept, TakeOver, Draft]),
    (Birth, Counter, HONG_GAI, Day(1, 370), 15, &[
        Submit, Review, Accept, TakeOver, Draft, Register,
    ]),
    (Birth, Counter, BINH_LIEU, Day(1, 372), 15, &[
        Submit, Review, Accept, TakeOver, Draft, Register, Rework,
    ]),
    (Birth, Counter, CO_TO, Day(2, 30), 25, &[
        Submit, Review, Accept, TakeOver, Draft, Register, Sign,
    ]),
    (Birth, Counter, HONG_GAI, Day(2, 10), 25, &[
        Submit, Review, Accept, TakeOver, Draft, Register, Sign, Issue,
    ]),
    (Birth, Counter, HONG_GAI, Day(2, 20), 30, &[
        Submit, Review, Accept, TakeOver, Draft, Register, Sign, Issue, Complete,
    ]),
    (Birth, Post, BINH_LIEU, Day(3, 40), 30, &[
        Submit, Review, Accept, TakeOver, Draft, Register, Sign, Issue, Complete,
    ]),
    (Birth, Online, HONG_GAI, Day(7, 20), 25, &[
        Submit, Review, Accept, TakeOver, Draft, Confirm, Register, Sign, Issue, Complete,
        Deliver,
    ]),
    (Birth, Counter, CO_TO, Day(8, 20), 25, &[
        Submit, Review, Accept, TakeOver, Draft, Register, Sign, Issue, Complete, Deliver,
    ]),
    (Birth, Counter, HONG_GAI, Day(6, 50), 45, &[Submit, ProposeRefusal, Refuse]),
    (Birth, Counter, HONG_GAI, Day(5, 15), 30, &[
        Submit, Review, Accept, TakeOver, DraftRefusal, Sign, Issue, Complete, Deliver,
    ]),
    (Birth, Counter, HONG_GAI, Day(2, 30), 20, &[
        Submit, Review, Accept, TakeOver, Apologise, AskElsewhere,
    ]),
    (Birth, Counter, PROVINCE, Day(1, 350), 20, &[Submit, Review, Accept]),
    (Birth, Counter, PROVINCE, Day(1, 360), 15, &[Submit, Review, Accept, Forward, TakeOver]),
    (Birth, Counter, CO_TO, Day(3, 100), 30, &[Submit, Withdraw, GrantWithdrawal]),
];

#[rustfmt::skip]
const BUSINESSES: &[Row] = &[
    (Business, Counter, HONG_GAI, Day(1, 90), 15, &[Submit, Review]),
    (Business, Online, HONG_GAI, Day(1, 130), 20, &[Submit, Review, Pay]),
    (Business, Counter, HONG_GAI, Day(2, 60), 20, &[Submit, Review, Pay, Accept, TakeOver, Claim]),
    (Business, Counter, HONG_GAI, Day(3, 60), 20, &[Submit, Review, Pay, Accept, TakeOver]),
    (Business, Online, CO_TO, Day(3, 90), 20, &[Submit, Review, Pay, Accept, TakeOver, Claim]),
    (Business, Counter, HONG_GAI, Day(6, 40), 20, &[Submit, Review, Pay, Accept, TakeOver, Claim]),
    (Business, Counter, BINH_LIEU, Day(5, 70), 20, &[Submit, Review, Pay, Accept]),
    (Business, Counter, HONG_GAI, Day(2, 90), 25, &[Submit, Review, Pay, Accept, TakeOver, Draft]),
    (Business, Counter, HONG_GAI, Day(4, 50), 25, &[
        Submit, Review, Pay, Accept, TakeOver, AskSupplementLate,
    ]),
    (Business, Counter, HONG_GAI, Day(7, 50), 25, &[
        Submit, Review, Pay, Accept, TakeOver, AskSupplementLate, Wait(2000), Supplement,
    ]),
    (Business, Counter, HONG_GAI, Day(5, 20), 60, &[
        Submit, Review, Pay, Accept, TakeOver, Draft, Sign, Issue, Complete, TaxCode,
    ]),
    (Business, Online, CO_TO, Day(9, 20), 60, &[
        Submit, Review, Pay, Accept, TakeOver, Draft, Sign, Issue, TaxCode, Complete,
        Deliver,
    ]),
    (Business, Counter, BINH_LIEU, Day(8, 20), 70, &[
        Submit, Review, Pay, Accept, TakeOver, DraftRefusal, Sign, Issue, Complete, Deliver,
    ]),
    (Business, Counter, HONG_GAI, Day(2, 100), 25, &[
        Submit, Review, Pay, Accept, TakeOver, Withdraw,
    ]),
    (Business, Counter, HONG_GAI, Day(5, 100), 40, &[
        Submit, Review, Pay, Accept, TakeOver, Withdraw, GrantWithdrawal,
    ]),
    (Business, Online, HONG_GAI, Day(3, 150), 40, &[
        Submit, Review, Pay, Accept, TakeOver, Withdraw, KeepOn,
    ]),
    (Business, Counter, HONG_GAI, Day(2, 20), 20, &[
        Submit, Review, Pay, Accept, TakeOver, Apologise,
    ]),
    (Business, Counter, CO_TO, Day(6, 80), 40, &[Submit, Review, Pay, Accept, TakeOver, Stop]),
];

#[rustfmt::skip]
const MARRIAGES: &[Row] = &[
    (Marriage, Counter, HONG_GAI, Day(1, 388), 14, &[Submit, Review, Accept, TakeOver, LookUp]),
    (Marriage, Counter, HONG_GAI, Day(2, 40), 30, &[
        Submit, Review, Accept, TakeOver, LookUpInVain, AskElsewhere,
    ]),
    (Marriage, Counter, HONG_GAI, Day(6, 40), 30, &[
        Submit, Review, Accept, TakeOver, LookUpInVain, AskElsewhere, Wait(600),
        AnswerElsewhere, Draft,
    ]),
    (Marriage, Counter, CO_TO, Day(3, 20), 30, &[
        Submit, Review, Accept, TakeOver, LookUp, Draft, Register, Sign, Issue, Complete,
    ]),
    (Marriage, Online, HONG_GAI, Day(8, 20), 25, &[
        Submit, Review, Accept, TakeOver, LookUp, Draft, Confirm, Register, Sign, Issue,
        Complete, Deliver,
    ]),
];

/// Every story.
pub(super) fn all() -> Vec<Story> {
    let rows = [RECENT, BIRTHS, BUSINESSES, MARRIAGES].into_iter().flatten();
    let story = |(number, row): (usize, &Row)| {
        let (kind, channel, office, start, gap, turns) = *row;
        let filing = Filing { kind, channel, office, citizen: number * 2 };
        Story { number, filing, start, gap, turns }
    };
    rows.enumerate().map(story).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::days::BACK_MAX;

    #[test]
    fn there_are_believably_many_and_each_begins_with_a_submission() {
        let stories = all();
        assert!(stories.len() >= 40, "{}", stories.len());
        for story in stories {
            assert_eq!(story.turns[0], Turn::Submit, "{}", story.number);
            if let Start::Day(back, minute) = story.start {
                assert!((1..=BACK_MAX).contains(&back) && minute < 480, "{}", story.number);
            }
        }
    }
}
