"""What the console says after something was done; the address holds only the key, never words from outside."""

from __future__ import annotations

from collections.abc import Mapping

SAID: Mapping[str, str] = {
    "signed-out": "You have signed out.",
    "set-up": "The council is set up. Sign in with the e-mail address and password you chose.",
    "password-changed": "Your password is changed. You were signed out everywhere else.",
    "codes-on": "From now on you sign in with your password and a code.",
    "codes-off": "You sign in with your password alone.",
    "others-ended": "You were signed out everywhere else.",
    "confirmed": "Confirmed as abuse. At level 2 and above a report is drafted for you within a few minutes.",
    "dismissed": "Dismissed. It has left the queue.",
    "level-changed": "The level is changed.",
    "labels-changed": "The labels are changed.",
    "reopened": "Reopened. It waits in the queue again.",
    "closed": "Closed. It has left the queue.",
    "drafted": "A report is drafted. Nothing is sent until somebody approves and sends it.",
    "approved": "Approved. The text can no longer be changed; it has not been sent yet.",
    "filed": "Noted as filed. We check from now on whether the post is gone.",
    "withdrawn-request": "Withdrawn. It will not be sent.",
    "redrafted": "Drafted anew. The earlier approval no longer counts.",
    "settled-arrived": "Noted that the platform has it. We check from now on whether the post is gone.",
    "settled-not": "Noted that the platform does not have it. It is approved and can be sent again.",
    "send-sent": "Sent. We check from now on whether the post is gone.",
    "send-approved": "Not sent yet. The reason is below.",
    "send-in_doubt": "It may or may not have arrived. Somebody has to find out: see below.",
    "send-refused": "The platform refused the report. The reason is below.",
    "referral-drafted": "A referral is drafted. Report it to the police yourself, then note the reference here.",
    "referral-reported": "Noted as reported to the police.",
    "referral-acknowledged": "Noted that the police have answered.",
    "referral-closed": "The outcome is noted.",
    "reported": "Thank you. It is stored and stands in the queue as soon as it is judged, usually within a minute.",
    "reported-decided": "Thank you. We held this post already and somebody has decided about it.",
    "logged": "Thank you. It is logged and waits in the queue.",
    "looked": "Noted what you saw.",
    "councillor-added": "The councillor is added. Connect an account to begin.",
    "term-added": "Added.",
    "paused": "Paused. Nobody looks for posts about this councillor until you resume.",
    "resumed": "Resumed.",
    "withdrawn": "The councillor has opted out. Their credentials are erased and nothing new is collected.",
    "connected": "Connected. The first look for posts begins within a minute.",
    "account-withdrawn": "Consent is withdrawn and our copy of the credential is erased.",
    "account-withdrawn-not-told": (
        "Consent is withdrawn and our copy of the credential is erased, but the platform could not be told. "
        "Ask the account's owner to revoke Wardkeeper in the platform's own settings."
    ),
    "person-added": "Added. Give them their first password in person or by phone.",
    "roles-changed": "The roles are changed.",
    "password-reset": "The password is reset and they are signed out everywhere.",
    "training-consented": "Noted. Held decisions may be exported without names and addresses.",
    "training-withdrawn": "Withdrawn. Nothing more leaves; whoever holds earlier exports has to delete them.",
    "sample-answered": "Thank you. Your answer counts.",
    "sample-raised": "Thank you. It is an incident now, at the level you chose.",
    "person-left": "Marked as left and signed out everywhere.",
}
