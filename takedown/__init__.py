"""From incident to outcome: review, evidence, reports, follow-up, referral. Never sends without a stored approval."""
