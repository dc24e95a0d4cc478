"""The upstream world on this machine: Salesforce, WHMCS, a mobile provider and a mail server behind their real protocols."""
