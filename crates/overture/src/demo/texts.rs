//! What simulated customers and agents say.

/// One thing that goes wrong in the shop, with the talk about it.
#[derive(Debug)]
pub(super) struct Topic {
    /// The page it goes wrong on.
    pub(super) path: &'static str,
    /// The form and the field that refuse.
    pub(super) form: &'static str,
    pub(super) field: &'static str,
    /// What the browser calls the fault.
    pub(super) code: &'static str,
    /// A word of the customer's that tells the agent what it is about.
    pub(super) about: &'static str,
    /// What the customer says: first words, then answers in turn.
    pub(super) opening: &'static [&'static str],
    pub(super) customer: &'static [&'static str],
    /// What the agent says in turn; the last one closes.
    pub(super) agent: &'static [&'static [&'static str]],
    /// How it ends.
    pub(super) code_at_end: &'static str,
    pub(super) notes: &'static str,
}

pub(super) const TOPICS: [Topic; 5] = [
    Topic {
        path: "/shop/checkout.html",
        form: "checkout",
        field: "card",
        code: "patternMismatch",
        about: "card",
        opening: &[
            "My card is refused every time, but it works everywhere else",
            "Third try and the form still says my card number is wrong?!",
            "Hi, I can't pay. The card field goes red as soon as I leave it",
        ],
        customer: &[
            "Yes, it is a debit card, the long number on the front",
            "I pasted it with the spaces in it",
            "Oh, without the spaces it went through. Thank you!",
        ],
        agent: &[
            &[
                "Hello, sorry about that. Is it a debit or a credit card?",
                "Hi! I can see you are at the payment step. Which kind of card is it?",
            ],
            &[
                "Did you type the number or paste it?",
                "Thanks. How did the number get into the field, typed or pasted?",
            ],
            &[
                "The field does not take spaces yet. Could you try it without them?",
                "That will be it: please try once more without the spaces.",
            ],
            &["Great to hear. I have noted it so that the field gets fixed. Enjoy your coffee!"],
        ],
        code_at_end: "solved",
        notes: "Card number pasted with spaces; asked the shop team to accept them.",
    },
    Topic {
        path: "/shop/checkout.html",
        form: "checkout",
        field: "postcode",
        code: "patternMismatch",
        about: "postcode",
        opening: &[
            "Your form does not know my postcode",
            "It says my postcode is invalid. I have lived here for nine years",
            "I can't get past the address, it does not like the postcode",
        ],
        customer: &[
            "EH8 9YL, in Edinburgh",
            "With a space, like on every letter I get",
            "That worked. Will it really arrive before the weekend?",
            "Perfect, thanks",
        ],
        agent: &[
            &[
                "Good morning! Which postcode is it?",
                "Sorry about that. May I have the postcode?",
            ],
            &["And how do you write it in the form, with or without a space?"],
            &[
                "I have set the address for you from here. Please press Continue once more.",
                "I put it in for you; the page will have it after Continue.",
            ],
            &["Yes, it leaves today and arrives on Friday."],
            &["You are welcome. I will stay with the order until it ships."],
        ],
        code_at_end: "workaround",
        notes: "Postcode with a space refused; address entered by hand.",
    },
    Topic {
        path: "/shop/cart.html",
        form: "discount",
        field: "code",
        code: "customError",
        about: "discount",
        opening: &[
            "The discount code from your newsletter does nothing",
            "Is the discount code already over? It was in the mail this morning",
        ],
        customer: &[
            "FIRSTCUP, all in capitals",
            "Ah, there is already a gift card in the cart",
            "Then I keep the gift card for next time. Done, thanks for the quick answer",
        ],
        agent: &[
            &[
                "Hi, let me check. Which code is it?",
                "Hello! What does the code look like?",
            ],
            &["It is still valid. Is there anything else reduced in your cart?"],
            &["The two do not go together, I am afraid. Which one would you like to use today?"],
            &["All right, the code is in. Have a good day!"],
        ],
        code_at_end: "solved",
        notes: "Discount code and gift card do not combine; customer chose the code.",
    },
    Topic {
        path: "/shop/product.html",
        form: "options",
        field: "grind",
        code: "valueMissing",
        about: "grind",
        opening: &[
            "Which grind do I need for a pour-over? The page will not let me go on without one",
            "I do not understand the grind options",
        ],
        customer: &[
            "A ceramic dripper, paper filters, usually two cups",
            "About three minutes, and it tastes a bit thin",
            "I will try that. Ordered!",
        ],
        agent: &[
            &[
                "Happy to help. What do you brew with?",
                "Good question! Which dripper do you have?",
            ],
            &["Nice. How long does the water take to run through?"],
            &["Then medium-fine is yours. A little finer slows it down and gives more body."],
            &["Lovely. If it turns bitter, go one step coarser."],
        ],
        code_at_end: "solved",
        notes: "Advice on grind for a pour-over: medium-fine.",
    },
    Topic {
        path: "/shop/checkout.html",
        form: "checkout",
        field: "delivery",
        code: "valueMissing",
        about: "delivery",
        opening: &[
            "I cannot choose a delivery day, every day is grey",
            "Is there no delivery at all next week?",
        ],
        customer: &[
            "To a parcel shop near the station, if that is possible",
            "Wednesday would be best",
            "Great, that is all I need",
        ],
        agent: &[
            &["Hello! Do you want it at home or at a parcel shop?"],
            &["Parcel shops take deliveries on working days. Which day suits you?"],
            &["Wednesday is booked. You will get the pick-up code by e-mail."],
            &["Thanks for your patience, and enjoy!"],
        ],
        code_at_end: "solved",
        notes: "Delivery to a parcel shop on Wednesday arranged by hand.",
    },
];

/// When an agent cannot tell what it is about.
pub(super) const SMALL_TALK: [&str; 4] = [
    "Thanks for writing. Could you tell me a little more?",
    "I am here. What happens when you try again?",
    "I see. Let me look into it with you.",
    "Is there anything else I can do?",
];

/// What customers add when they leave early.
pub(super) const NEVER_MIND: [&str; 3] = [
    "Never mind, I found it",
    "Have to catch my train, I'll be back later",
    "OK it works now, no idea why",
];

/// The topic that a text is about.
pub(super) fn topic_of(text: &str) -> Option<&'static Topic> {
    let text = text.to_lowercase();
    TOPICS.iter().find(|topic| text.contains(topic.about))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_understands_every_opening() {
        for topic in &TOPICS {
            for opening in topic.opening {
                let found = topic_of(opening).map(|found| found.about);
                assert_eq!(found, Some(topic.about), "{opening}");
            }
            assert!(
                topic.agent.len() > topic.customer.len() - 1,
                "{}",
                topic.about
            );
        }
    }
}
