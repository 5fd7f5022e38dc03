//! Random callbacks.

use overture_engine::model::*;

use super::make::Make;

impl Make {
    fn slot(&mut self) -> Slot {
        Slot {
            from: self.at(),
            to: self.at(),
        }
    }

    fn ask(&mut self) -> CallbackAsk {
        CallbackAsk {
            number: self.link_key(),
            slot: self.maybe(Self::slot),
            texts: self.flag(),
            our_number: self.maybe(Self::text),
            time_zone: self.maybe(Self::text),
            language: self.maybe(Self::text),
            hours: self.maybe(Self::agent_hours),
        }
    }

    pub(super) fn callback_state(&mut self) -> CallbackState {
        CallbackState {
            ask: self.ask(),
            stage: [
                CallbackStage::Booking,
                CallbackStage::Booked,
                CallbackStage::Due,
            ][self.below(3) as usize],
            due_at: self.at(),
            attempts: self.below(256) as u8,
            remind_at: self.maybe(Self::at),
            late_at: self.maybe(Self::at),
            late_told: self.below(256) as u8,
            expected_at: self.maybe(Self::at),
            moving: self.maybe(|make| Moving {
                slot: make.slot(),
                key: make.number(),
            }),
        }
    }

    fn slot_refusal(&mut self) -> SlotRefusal {
        [
            SlotRefusal::Full,
            SlotRefusal::OutOfReach,
            SlotRefusal::NumberLimit,
            SlotRefusal::NumberCoolDown,
            SlotRefusal::NumberBlocked,
        ][self.below(5) as usize]
    }

    pub(super) fn callback_refusal(&mut self) -> CallbackRefusal {
        CallbackRefusal {
            key: self.number(),
            why: self.slot_refusal(),
        }
    }

    pub(super) fn callback_view(&mut self) -> CallbackView {
        CallbackView {
            conversation: self.interaction(),
            notice: [
                CallbackNotice::Confirmed,
                CallbackNotice::Reminder,
                CallbackNotice::Moved,
                CallbackNotice::Late,
                CallbackNotice::Cancelled,
                CallbackNotice::Retry,
                CallbackNotice::GaveUp,
                CallbackNotice::Done,
            ][self.below(8) as usize],
            slot: self.maybe(Self::slot),
            due_at: self.at(),
            expected_at: self.maybe(Self::at),
            phone: self.private(),
            our_number: self.maybe(Self::text),
            time_zone: self.maybe(Self::text),
            attempts: self.below(256) as u8,
            by: self.maybe(Self::agent_id),
        }
    }

    pub(super) fn callback_text(&mut self) -> CallbackText {
        CallbackText {
            customer: self.customer_id(),
            view: self.callback_view(),
            language: self.maybe(Self::text),
        }
    }

    pub(super) fn callback_row(&mut self) -> CallbackRow {
        CallbackRow {
            slot: self.maybe(Self::slot),
            due_at: self.at(),
            attempts: self.below(256) as u8,
            expected_at: self.maybe(Self::at),
            time_zone: self.maybe(Self::text),
        }
    }

    pub(super) fn callback_body(&mut self) -> CustomerBody {
        match self.below(4) {
            0 => CustomerBody::CallbackAsked {
                ask: Box::new(self.ask()),
                phone: self.private(),
                key: self.number(),
                offer: self.maybe(|make| CallbackOffer {
                    offer: make.offer_id(),
                    grant: make.maybe(Self::grant_id),
                }),
            },
            1 => CustomerBody::CallbackMoved {
                conversation: self.interaction(),
                slot: self.slot(),
                key: self.number(),
            },
            2 => CustomerBody::CallbackCancelled {
                conversation: self.interaction(),
                by: self.maybe(Self::agent_id),
            },
            _ => CustomerBody::CallbackCalled {
                conversation: self.interaction(),
                agent: self.agent_id(),
                outcome: CallOutcome::ALL[self.below(4) as usize],
                notes: self.private(),
            },
        }
    }

    pub(super) fn question_of_a_callback(&mut self) -> CustomerToRoute {
        match self.below(3) {
            0 => CustomerToRoute::BookSlot {
                conversation: self.interaction(),
                number: self.link_key(),
                wish: match self.below(3) {
                    0 => SlotWish::Now,
                    1 => SlotWish::At(self.slot()),
                    _ => SlotWish::From(self.at()),
                },
                needs: self.needs(),
                within: self.many(Self::agent_hours),
            },
            1 => CustomerToRoute::CancelSlot {
                conversation: self.interaction(),
            },
            _ => CustomerToRoute::BlockNumber {
                number: self.link_key(),
            },
        }
    }

    pub(super) fn answer_to_a_callback(&mut self) -> RouteToCustomer {
        match self.below(2) {
            0 => RouteToCustomer::SlotBooked {
                conversation: self.interaction(),
                slot: self.maybe(Self::slot),
                due_at: self.at(),
            },
            _ => RouteToCustomer::SlotRefused {
                conversation: self.interaction(),
                why: self.slot_refusal(),
            },
        }
    }

    pub(super) fn agent_hours(&mut self) -> AgentHours {
        let day = |make: &mut Self| {
            let from = make.below(720) as u16;
            vec![(from, from + 1 + make.below(600) as u16)]
        };
        let days = (0..7).map(|_| day(self)).collect();
        AgentHours {
            hours: WeeklyHours::new(days).unwrap(),
            time_zone: self.text(),
        }
    }

    pub(super) fn booking(&mut self) -> Booking {
        Booking {
            customer: self.customer_id(),
            needs: self.needs(),
            cell: self.at(),
            number: self.maybe(Self::link_key),
        }
    }

    pub(super) fn number_use(&mut self) -> NumberUse {
        NumberUse {
            asked_at: self.many(Self::at),
            last: self.maybe(Self::customer_id),
            blocked_until: self.at(),
        }
    }
}
