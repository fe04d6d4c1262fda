BEGIN TRANSACTION;
CREATE TABLE account (
    identifier TEXT PRIMARY KEY, base TEXT NOT NULL, guardians TEXT NOT NULL, confirmed TEXT NOT NULL,
    denied TEXT NOT NULL, password_hash TEXT NOT NULL, created_at INTEGER NOT NULL, activation TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "account" VALUES('a.dupont72','a.dupont','["c6"]','["leo","zoe"]','[]','cheap:9454195c4f7701b30888e7cd984243ccd1231cf39468988e42c1fa24390fcd14',1788249600000000,'73edd6f1ef074bf833b23af3ac36e419');
CREATE TABLE activation (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, handle TEXT NOT NULL UNIQUE, previous TEXT UNIQUE,
    rotated_by TEXT, purge_at INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "activation" VALUES('20a8498a6bcf0c3fdb8467e1873b13ee',4,'buuPH3fsDBpFCWXByYkwMaYYIDUkQIgL-LAed7MpQ5E',NULL,NULL,1788339600000000,'{"format":1,"id":"20a8498a6bcf0c3fdb8467e1873b13ee","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","codes":1,"claim":["aV6Pd48ZrQyy3eesFhSIq1VTqONimzErHbElLg","STrVafjegGFldBw9Ot6u14e9-InQiIP1w3_l__o-3QE","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 99",[]],"challenge":["9POxRt.f8556d08389bd2f4d22778b89a935d5e","2026-09-01T08:00:00+00:00","2026-09-01T08:30:00+00:00"],"code_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO "activation" VALUES('2f9520b369e80b61c373689c459dd043',7,'DaCTGEo7ZePP0OY_bBF2-rDK-mgSflGBZVeOUZ0KJyo','GLX3Wz7rE_XiuuoiPWchq49QmyxP8twFvTVSpmC4vxc',NULL,1788339660000000,'{"format":1,"id":"2f9520b369e80b61c373689c459dd043","state":"pupils","created_at":"2026-09-01T08:01:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","rotation":1,"codes":1,"names":["Durand","\u00c9milie","Petit"],"claim":["qzHB0jP5t_42NUoCTpXHssHLARpyVeb0iqgTNA","J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 78",["g1"]],"code_at":"2026-09-01T08:01:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO "activation" VALUES('342d5c099f4639ffda554ed437e697e7',7,'8-XbkQ3-Kz-lfJfUPzsWo5AHtT-i458YxENvWn1v2p4','sDC1gv2TBE0aq-L3H8auYfESSFGevYPvg0VxJr8iDfU',NULL,1788339600000000,'{"format":1,"id":"342d5c099f4639ffda554ed437e697e7","state":"password","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["E6q0LqFc6FQ01Q9_5mpecrDS7Tm1N4aT1fba1A","_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 45",["c5"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO "activation" VALUES('352bf0acefab048a8f2a2672b41906e1',2,'1TArEOhSBvgWgRjRHlSW0DHzE1jhOAqyNFGRmKXd_TA',NULL,NULL,1788339600000000,'{"format":1,"id":"352bf0acefab048a8f2a2672b41906e1","state":"sign_in","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO "activation" VALUES('44e8e0ccfa93b2490c423aaf7b5b7e14',5,'0sXS_ISdPg4fF85xQmUaaYZ2JSJigHYhxYoeaybjYkQ','W3FgT1RXlRv30HszUmwjH-2JDnB56e38yjS0NxpPkCE',NULL,1788339600000000,'{"format":1,"id":"44e8e0ccfa93b2490c423aaf7b5b7e14","state":"already_active","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["HjCWh-T91vvYhYSh-BvI6TXUJ-j0Lgt4o_Jbbg","p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 46",["c6"]],"code_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO "activation" VALUES('48ca868e35f33cc3fa526cdae734965e',9,'CUUiBAsiOv18XztFrTBc5QbbQbc-cqGIAgL0ZVRx9XE',NULL,NULL,1788339600000000,'{"format":1,"id":"48ca868e35f33cc3fa526cdae734965e","state":"locked","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","codes":1,"code_failures":5,"claim":["iHmpd0fD_AWlc8DKQ97Vx9xcmsMMsb-xrm2tMw","ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 47",["c7"]],"challenge":["9POxRt.6d4748eb35a4e32a585da1de0998cd7b","2026-09-01T08:00:00+00:00","2026-09-01T08:30:00+00:00"],"code_at":"2026-09-01T08:00:00+00:00","until":"2026-09-01T09:00:00+00:00"}');
INSERT INTO "activation" VALUES('492459c489e081dbda6b6bead44b7fa7',2,'5wN050o7RHhifYsaDiDo3PXJQSrTyzrijHeWjajdx34',NULL,NULL,1788339600000000,'{"format":1,"id":"492459c489e081dbda6b6bead44b7fa7","state":"not_eligible","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO "activation" VALUES('568b4bd3b6cd7a3b6deeb271cc1edb05',3,'B6Cu0x_dcN480_D-2O55qal-6PYtJJmBrRnxi-wuh0k',NULL,NULL,1788339600000000,'{"format":1,"id":"568b4bd3b6cd7a3b6deeb271cc1edb05","state":"identity","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO "activation" VALUES('6e3acebef052fa2969d98fc5bdd9ea2b',5,'-u0ORQs8An65tcgVjBI23UOGPkmAp3_OB6Vhk1OxIW4','gZnEHGn0XwcVWr-RU3r7RVI-9kLBQDPEwSy9ibZARMw',NULL,1788339600000000,'{"format":1,"id":"6e3acebef052fa2969d98fc5bdd9ea2b","state":"refused","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Seule","\u00c8ve",""],"claim":["rSZFLfsdPAXnhgm0f-E65BpWJHD4CfSXFyv-LA","WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 33",["g3"]],"code_at":"2026-09-01T08:00:00+00:00","why":"no_pupil"}');
INSERT INTO "activation" VALUES('73edd6f1ef074bf833b23af3ac36e419',7,'erXpMM8KjGzcKztK0xEry7gMWHJxE2Jz-8ShjEo3Iwk','I6VPT3afy5XxFotOMGw1Ttjrup4I6e2smMtTTPKvxA8',NULL,1788339600000000,'{"format":1,"id":"73edd6f1ef074bf833b23af3ac36e419","state":"activated","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"identifier":"a.dupont72","claim":["g2bJW0RdCoxnT4BnVWHGRybJ93dIXFcx-TY_Sw","p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 46",["c6"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO "activation" VALUES('78992ca3571e093ece749d81aabbdd07',1,'__llmv3UD16phS4jJ6w6n_cjYv9YETqh1WntVrJ_uG4',NULL,NULL,1788339600000000,'{"format":1,"id":"78992ca3571e093ece749d81aabbdd07","state":"profile","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO "activation" VALUES('a5b38bce055ab2f0d7f3b731b7bba3a1',4,'S6-m9L24Tjr7T9vMbPmpRmYz8Xt3Hr1v0H082h7wFmI',NULL,NULL,1788339600000000,'{"format":1,"id":"a5b38bce055ab2f0d7f3b731b7bba3a1","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","codes":1,"claim":["K2EvRkMqqn-jkdS13gEueFUCIKqKT5jn5O6YaQ","fb0oeGEd7cxLCf4CH_4aP9fgQ3xCXqFHG2HqL5Spu5c","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 43",["c3"]],"challenge":["9POxRt.ecfe9ff961c13bcab3e8e0466f767e2d","2026-09-01T08:00:00+00:00","2026-09-01T08:30:00+00:00"],"code_at":"2026-09-01T08:00:00+00:00"}');
INSERT INTO "activation" VALUES('acda439f140c2808325b83e581c4a5c9',5,'YQzHmL8DQ5b96fcWB0py3mNHOZ3oqfsEtBfJxHLf0lY','r2zHY-teC-D--gWM6-64RhfNPYHCjr1sNm8GSv1KcoE',NULL,1788339600000000,'{"format":1,"id":"acda439f140c2808325b83e581c4a5c9","state":"pupils","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["T43G5x0lwsvW8SHO-2pxApGA_A4FCALkCGRUvw","x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 44",["c4"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO "activation" VALUES('b04c3ee8eb0cf670cfbc81faaef3595f',6,'h0YtDxwvrExevVauGwKfuJfXS5wlwyUSjLkqRiqVnS4','hABJkJvgPa2b48UovZdi_EIbh3nHZCFQlryqo4fHGAY',NULL,1788339660000000,'{"format":1,"id":"b04c3ee8eb0cf670cfbc81faaef3595f","state":"refused","created_at":"2026-09-01T08:01:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","rotation":1,"codes":1,"names":["Durand","\u00c9milie","Petit"],"claim":["L03dWYhZLmUzIbJme4EmOVL1h9ZWWiJJ21nnHw","J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 78",["g1"]],"code_at":"2026-09-01T08:01:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"why":"no_pupil_confirmed"}');
INSERT INTO "activation" VALUES('cfa32c1b6a0386c8998b9039827bcb3e',6,'nssmR9opHOB_zPPo1ghitGGQgL-SHESbQHEyql-DL3o','Tn0Iym5NYG3jHCoFYkoVKTXCRnkwJp3FnzkYELJTm8A',NULL,1788339600000000,'{"format":1,"id":"cfa32c1b6a0386c8998b9039827bcb3e","state":"pupils","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"pupils_failures":1,"names":["Dupont","Anne",""],"claim":["hGotzOFo-7igHJeK6XnsXbivxYZdefPB6l1LDA","cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 48",["c8"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO "activation" VALUES('d7f7653aec13d8409caec38f26cdf55d',5,'2KCt8iABg5xSTRsBPWQs8XiTfD5CRrQyza8R-JbMpTk',NULL,NULL,1788339660000000,'{"format":1,"id":"d7f7653aec13d8409caec38f26cdf55d","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","codes":2,"claim":["wiBm3JBemOaaRiZ_oYBDQCSUhVGtrO4G1sDnjQ","gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 49",["c9"]],"challenge":["9POxRt.56050b87fed1cac20cb9bc0a26bf9293","2026-09-01T08:01:00+00:00","2026-09-01T08:31:00+00:00"],"code_at":"2026-09-01T08:01:00+00:00"}');
INSERT INTO "activation" VALUES('e5d60fe8daeb80bde0d4b155555ddb73',3,'ZNN_m_zMDPOhNWN6rZ4zKnNeGARACVXil-WtHXkgSH4',NULL,NULL,1788339660000000,'{"format":1,"id":"e5d60fe8daeb80bde0d4b155555ddb73","state":"identity","created_at":"2026-09-01T08:01:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","prompt":"1"}');
CREATE TABLE answered (
    activation TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, version INTEGER NOT NULL,
    accepted INTEGER NOT NULL, refusals TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (activation, key)
) WITHOUT ROWID;
INSERT INTO "answered" VALUES('342d5c099f4639ffda554ed437e697e7','OoqJc3acgRl4Sbpqfs1osAPUnTFFJvix9WimehPiHhM','slow:cheap:207e22920876d2aa6ff007362835c93d9fea1ed83b56947db9cd7d5ebda46ec8',7,0,'[["password_no_upper","password",{}],["password_no_digit","password",{}],["password_no_special","password",{}],["password_too_short","password",{"min":8}]]','{"format":1,"id":"342d5c099f4639ffda554ed437e697e7","state":"password","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"claim":["E6q0LqFc6FQ01Q9_5mpecrDS7Tm1N4aT1fba1A","_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 45",["c5"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO "answered" VALUES('73edd6f1ef074bf833b23af3ac36e419','rZCMOODOzK05pQ35r7XCcRFr-iS5O8A05aPoJ-Q8fRQ','slow:cheap:915657181124fa45c67f6d6bf77aef72e77c22649e10ce64cb1559e162179039',7,1,'[]','{"format":1,"id":"73edd6f1ef074bf833b23af3ac36e419","state":"activated","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"names":["Dupont","Anne",""],"identifier":"a.dupont72","claim":["g2bJW0RdCoxnT4BnVWHGRybJ93dIXFcx-TY_Sw","p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 46",["c6"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]],"confirmed":["leo","zoe"]}');
INSERT INTO "answered" VALUES('cfa32c1b6a0386c8998b9039827bcb3e','r6ebyRVYBlwhRRonDW78Br4YkfgB19yTEMs7Th7ISKA','ilSD7lZ8m5PsxZjmQYLdE6wpTasRWp2Xr_CvjpOs-_A',6,0,'[["birth_dates_wrong","answers",{"attempts_left":4}]]','{"format":1,"id":"cfa32c1b6a0386c8998b9039827bcb3e","state":"pupils","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:00:00+00:00","rotation":1,"codes":1,"pupils_failures":1,"names":["Dupont","Anne",""],"claim":["hGotzOFo-7igHJeK6XnsXbivxYZdefPB6l1LDA","cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 48",["c8"]],"code_at":"2026-09-01T08:00:00+00:00","pupils":[["leo","Leo","Lyc\u00e9e Jean Moulin","legal_representative"],["zoe","Zoe","Lyc\u00e9e Jean Moulin","in_charge"]]}');
INSERT INTO "answered" VALUES('d7f7653aec13d8409caec38f26cdf55d','_8cPIlEGk2RJsRCDfEhfkdDrrfoG4SvB6jVpXr-198E','EE4hUt76qzfBa26iKSHXUyveJ_izpYDaaYajWs6l_2Q',5,1,'[]','{"format":1,"id":"d7f7653aec13d8409caec38f26cdf55d","state":"code","created_at":"2026-09-01T08:00:00+00:00","seen_at":"2026-09-01T08:01:00+00:00","codes":2,"claim":["wiBm3JBemOaaRiZ_oYBDQCSUhVGtrO4G1sDnjQ","gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo","+33 6 \u2022\u2022 \u2022\u2022 \u2022\u2022 49",["c9"]],"challenge":["9POxRt.56050b87fed1cac20cb9bc0a26bf9293","2026-09-01T08:01:00+00:00","2026-09-01T08:31:00+00:00"],"code_at":"2026-09-01T08:01:00+00:00"}');
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, activation TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL,
    row TEXT, source TEXT NOT NULL, dest TEXT NOT NULL, reasons TEXT NOT NULL, denied TEXT NOT NULL
, mobile TEXT, origin TEXT);
INSERT INTO "audit" VALUES(1,'78992ca3571e093ece749d81aabbdd07',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(2,'352bf0acefab048a8f2a2672b41906e1',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(3,'352bf0acefab048a8f2a2672b41906e1',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(4,'568b4bd3b6cd7a3b6deeb271cc1edb05',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(5,'568b4bd3b6cd7a3b6deeb271cc1edb05',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(6,'568b4bd3b6cd7a3b6deeb271cc1edb05',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(7,'a5b38bce055ab2f0d7f3b731b7bba3a1',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(8,'a5b38bce055ab2f0d7f3b731b7bba3a1',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(9,'a5b38bce055ab2f0d7f3b731b7bba3a1',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(10,'a5b38bce055ab2f0d7f3b731b7bba3a1',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','fb0oeGEd7cxLCf4CH_4aP9fgQ3xCXqFHG2HqL5Spu5c',NULL);
INSERT INTO "audit" VALUES(11,'acda439f140c2808325b83e581c4a5c9',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(12,'acda439f140c2808325b83e581c4a5c9',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(13,'acda439f140c2808325b83e581c4a5c9',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(14,'acda439f140c2808325b83e581c4a5c9',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw',NULL);
INSERT INTO "audit" VALUES(15,'acda439f140c2808325b83e581c4a5c9',1788249600000000,'SubmitCode','code.right','code','pupils','[]','[]','x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw',NULL);
INSERT INTO "audit" VALUES(16,'342d5c099f4639ffda554ed437e697e7',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(17,'342d5c099f4639ffda554ed437e697e7',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(18,'342d5c099f4639ffda554ed437e697e7',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(19,'342d5c099f4639ffda554ed437e697e7',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g',NULL);
INSERT INTO "audit" VALUES(20,'342d5c099f4639ffda554ed437e697e7',1788249600000000,'SubmitCode','code.right','code','pupils','[]','[]','_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g',NULL);
INSERT INTO "audit" VALUES(21,'342d5c099f4639ffda554ed437e697e7',1788249600000000,'ConfirmPupils','pupils.right','pupils','password','[]','[]','_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g',NULL);
INSERT INTO "audit" VALUES(22,'342d5c099f4639ffda554ed437e697e7',1788249600000000,'ChoosePassword',NULL,'password','password','["password_no_upper","password_no_digit","password_no_special","password_too_short"]','[]','_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g',NULL);
INSERT INTO "audit" VALUES(23,'73edd6f1ef074bf833b23af3ac36e419',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(24,'73edd6f1ef074bf833b23af3ac36e419',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(25,'73edd6f1ef074bf833b23af3ac36e419',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(26,'73edd6f1ef074bf833b23af3ac36e419',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw',NULL);
INSERT INTO "audit" VALUES(27,'73edd6f1ef074bf833b23af3ac36e419',1788249600000000,'SubmitCode','code.right','code','pupils','[]','[]','p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw',NULL);
INSERT INTO "audit" VALUES(28,'73edd6f1ef074bf833b23af3ac36e419',1788249600000000,'ConfirmPupils','pupils.right','pupils','password','[]','[]','p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw',NULL);
INSERT INTO "audit" VALUES(29,'73edd6f1ef074bf833b23af3ac36e419',1788249600000000,'ChoosePassword','password.chosen','password','activated','[]','[]','p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw',NULL);
INSERT INTO "audit" VALUES(30,'44e8e0ccfa93b2490c423aaf7b5b7e14',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(31,'44e8e0ccfa93b2490c423aaf7b5b7e14',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(32,'44e8e0ccfa93b2490c423aaf7b5b7e14',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(33,'44e8e0ccfa93b2490c423aaf7b5b7e14',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw',NULL);
INSERT INTO "audit" VALUES(34,'44e8e0ccfa93b2490c423aaf7b5b7e14',1788249600000000,'SubmitCode','code.active','code','already_active','[]','[]','p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw',NULL);
INSERT INTO "audit" VALUES(35,'492459c489e081dbda6b6bead44b7fa7',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(36,'492459c489e081dbda6b6bead44b7fa7',1788249600000000,'ChooseProfile','profile.pupil','profile','not_eligible','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(37,'6e3acebef052fa2969d98fc5bdd9ea2b',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(38,'6e3acebef052fa2969d98fc5bdd9ea2b',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(39,'6e3acebef052fa2969d98fc5bdd9ea2b',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(40,'6e3acebef052fa2969d98fc5bdd9ea2b',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8',NULL);
INSERT INTO "audit" VALUES(41,'6e3acebef052fa2969d98fc5bdd9ea2b',1788249600000000,'SubmitCode','code.no_pupil','code','refused','["no_pupil"]','[]','WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8',NULL);
INSERT INTO "audit" VALUES(42,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(43,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(44,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(45,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY',NULL);
INSERT INTO "audit" VALUES(46,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'SubmitCode','code.wrong','code','code','["code_wrong"]','[]','ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY',NULL);
INSERT INTO "audit" VALUES(47,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'SubmitCode','code.wrong','code','code','["code_wrong"]','[]','ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY',NULL);
INSERT INTO "audit" VALUES(48,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'SubmitCode','code.wrong','code','code','["code_wrong"]','[]','ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY',NULL);
INSERT INTO "audit" VALUES(49,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'SubmitCode','code.wrong','code','code','["code_wrong"]','[]','ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY',NULL);
INSERT INTO "audit" VALUES(50,'48ca868e35f33cc3fa526cdae734965e',1788249600000000,'SubmitCode','code.last','code','locked','["code_wrong","locked"]','[]','ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY',NULL);
INSERT INTO "audit" VALUES(51,'20a8498a6bcf0c3fdb8467e1873b13ee',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(52,'20a8498a6bcf0c3fdb8467e1873b13ee',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(53,'20a8498a6bcf0c3fdb8467e1873b13ee',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(54,'20a8498a6bcf0c3fdb8467e1873b13ee',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','STrVafjegGFldBw9Ot6u14e9-InQiIP1w3_l__o-3QE',NULL);
INSERT INTO "audit" VALUES(55,'cfa32c1b6a0386c8998b9039827bcb3e',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(56,'cfa32c1b6a0386c8998b9039827bcb3e',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(57,'cfa32c1b6a0386c8998b9039827bcb3e',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(58,'cfa32c1b6a0386c8998b9039827bcb3e',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo',NULL);
INSERT INTO "audit" VALUES(59,'cfa32c1b6a0386c8998b9039827bcb3e',1788249600000000,'SubmitCode','code.right','code','pupils','[]','[]','cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo',NULL);
INSERT INTO "audit" VALUES(60,'cfa32c1b6a0386c8998b9039827bcb3e',1788249600000000,'ConfirmPupils','pupils.wrong','pupils','pupils','["birth_dates_wrong"]','[]','cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo',NULL);
INSERT INTO "audit" VALUES(61,'d7f7653aec13d8409caec38f26cdf55d',1788249600000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(62,'d7f7653aec13d8409caec38f26cdf55d',1788249600000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(63,'d7f7653aec13d8409caec38f26cdf55d',1788249600000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(64,'d7f7653aec13d8409caec38f26cdf55d',1788249600000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo',NULL);
INSERT INTO "audit" VALUES(65,'d7f7653aec13d8409caec38f26cdf55d',1788249660000000,'ResendCode','code.resend','code','code','[]','[]','gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo',NULL);
INSERT INTO "audit" VALUES(66,'e5d60fe8daeb80bde0d4b155555ddb73',1788249660000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(67,'e5d60fe8daeb80bde0d4b155555ddb73',1788249660000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(68,'e5d60fe8daeb80bde0d4b155555ddb73',1788249660000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(69,'2f9520b369e80b61c373689c459dd043',1788249660000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(70,'2f9520b369e80b61c373689c459dd043',1788249660000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(71,'2f9520b369e80b61c373689c459dd043',1788249660000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(72,'2f9520b369e80b61c373689c459dd043',1788249660000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w',NULL);
INSERT INTO "audit" VALUES(73,'2f9520b369e80b61c373689c459dd043',1788249660000000,'SubmitCode','code.right','code','pupils','[]','[]','J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w',NULL);
INSERT INTO "audit" VALUES(74,'2f9520b369e80b61c373689c459dd043',1788249660000000,'ConfirmPupils','pupils.right','pupils','password','[]','[]','J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w',NULL);
INSERT INTO "audit" VALUES(75,'2f9520b369e80b61c373689c459dd043',1788249660000000,'GoBack','password.back','password','pupils','[]','[]','J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w',NULL);
INSERT INTO "audit" VALUES(76,'b04c3ee8eb0cf670cfbc81faaef3595f',1788249660000000,'Start',NULL,'','profile','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(77,'b04c3ee8eb0cf670cfbc81faaef3595f',1788249660000000,'ChooseProfile','profile.guardian','profile','sign_in','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(78,'b04c3ee8eb0cf670cfbc81faaef3595f',1788249660000000,'StartActivation','sign_in.start','sign_in','identity','[]','[]',NULL,NULL);
INSERT INTO "audit" VALUES(79,'b04c3ee8eb0cf670cfbc81faaef3595f',1788249660000000,'ClaimIdentity','identity.claim','identity','code','[]','[]','J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w',NULL);
INSERT INTO "audit" VALUES(80,'b04c3ee8eb0cf670cfbc81faaef3595f',1788249660000000,'SubmitCode','code.right','code','pupils','[]','[]','J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w',NULL);
INSERT INTO "audit" VALUES(81,'b04c3ee8eb0cf670cfbc81faaef3595f',1788249660000000,'ConfirmPupils','pupils.none','pupils','refused','["no_pupil_confirmed"]','["leo","zoe"]','J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w',NULL);
CREATE TABLE base (base TEXT PRIMARY KEY, issued INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "base" VALUES('a.dupont',1);
CREATE TABLE holder (guardian TEXT PRIMARY KEY, identifier TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "holder" VALUES('c6','a.dupont72');
CREATE TABLE outbox (
    id TEXT PRIMARY KEY, activation TEXT NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL,
    nonce TEXT NOT NULL, mobile TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    decoy INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE spent (key TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tally (
    key TEXT PRIMARY KEY, body TEXT NOT NULL, forgotten_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "tally" VALUES('mobile_failures:cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('mobile_failures:ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY','[0,[1788249600000000,5]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_budget:national/10','[0,[1788250500000000,2]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/12','[0,[1788250500000000,1]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/13','[0,[1788250500000000,2]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/14','[0,[1788250500000000,1]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/15','[0,[1788250500000000,1]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/2','[0,[1788250500000000,1]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/4','[0,[1788250500000000,1]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/7','[0,[1788250500000000,3]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_budget:national/9','[0,[1788250500000000,1]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_per_mobile:J5csUYA4AvAq_6JI6VArhuPY5EEC_iUCy6j0-tEc1_w','[0,[1788249660000000,2]]',1788336060000000);
INSERT INTO "tally" VALUES('sms_per_mobile:STrVafjegGFldBw9Ot6u14e9-InQiIP1w3_l__o-3QE','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_mobile:WyE43FkLGe6qHD9H-2FW4os_-rF8aHtWfP-JbUAfnW8','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_mobile:_TaOOcM1QNhWGYYY0RnwTxgt0831qQJHlAK7EjQB7-g','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_mobile:cOckkq-4Z8p7qU3mv6LnO-2VH5vhEmkh8Wr_VWpwJLo','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_mobile:fb0oeGEd7cxLCf4CH_4aP9fgQ3xCXqFHG2HqL5Spu5c','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_mobile:gtCm_GvGiCAEc3ouEj-bAglqEC7CBV1799XjLULawDo','[0,[1788249600000000,1],[1788249660000000,1]]',1788336060000000);
INSERT INTO "tally" VALUES('sms_per_mobile:p34t_Kc3Q8Zk5FJDAIUKDfAOZfXomKtOl1heyp12fpw','[0,[1788249600000000,2]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_mobile:ulzIzPLZOuKK3OAv0gDTxS_BAbY-OppzOXMiQMlnViY','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_mobile:x-EHJoucR47P-m3Gy5UCaW-xl9bbq2_mHE8DXcmk9Nw','[0,[1788249600000000,1]]',1788336000000000);
INSERT INTO "tally" VALUES('sms_per_prefix:+33612','[0,[1788250500000000,2]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_per_prefix:+33633','[0,[1788250500000000,1]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_per_prefix:+33644','[0,[1788250500000000,9]]',1788336900000000);
INSERT INTO "tally" VALUES('sms_per_prefix:+33699','[0,[1788250500000000,1]]',1788336900000000);
CREATE INDEX activation_purge ON activation (purge_at);
CREATE INDEX outbox_due ON outbox (due_at);
CREATE INDEX outbox_activation ON outbox (activation);
CREATE INDEX tally_forgotten ON tally (forgotten_at);
CREATE INDEX audit_activation ON audit (activation);
CREATE INDEX spent_until ON spent (until);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('audit',81);
COMMIT;
PRAGMA user_version=2;
